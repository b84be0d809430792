import * as z from 'zod';

const TestEnv = z.object({
  TEST_POSTGRES_URL: z.url({ error: 'is set by the test run: use npm test or nx test' }),
  TEST_REDIS_URL: z.url({ error: 'is set by the test run: use npm test or nx test' }),
  STORAGE_DIR: z.string().optional(),
  SHOP_TOOLBOX: z.string().optional(),
});

export function testEnv(): z.output<typeof TestEnv> {
  return TestEnv.parse(process.env);
}
