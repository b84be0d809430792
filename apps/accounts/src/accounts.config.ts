import { defineConfig, type ConfigOf } from '@shop/kit/config';
import * as z from 'zod';

export const accountsConfig = defineConfig({
  ACCOUNTS_DATABASE_URL: z
    .url()
    .default('postgres://accounts@127.0.0.1:5432/accounts')
    .describe('A database of its own'),
  SEED: z.enum(['demo', 'none']).default('none').describe('demo: two accounts whose passwords are public'),
});
export type AccountsConfig = ConfigOf<typeof accountsConfig>;
