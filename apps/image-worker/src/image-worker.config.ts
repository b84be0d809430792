import { defineConfig, type ConfigOf } from '@shop/kit/config';
import * as z from 'zod';

export const imageWorkerConfig = defineConfig({
  IMAGE_CONCURRENCY: z.coerce
    .number()
    .int()
    .min(1)
    .max(256)
    .optional()
    .describe('Pictures at a time, per process, each in a process of its own; as many as there are CPUs when not said'),
});
export type ImageWorkerConfig = ConfigOf<typeof imageWorkerConfig>;
