import { defineConfig, type ConfigOf } from '@shop/kit/config';
import * as z from 'zod';

export const imageWorkerConfig = defineConfig({
  IMAGE_CONCURRENCY: z.coerce
    .number()
    .int()
    .min(1)
    .max(256)
    .optional()
    .describe(
      'Images that one process works on at the same time, each in a child process. Default: the number of CPUs',
    ),
});
export type ImageWorkerConfig = ConfigOf<typeof imageWorkerConfig>;
