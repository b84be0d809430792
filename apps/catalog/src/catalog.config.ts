import { defineConfig, type ConfigOf } from '@shop/kit/config';
import * as z from 'zod';

export const catalogConfig = defineConfig({
  CATALOG_DATABASE_URL: z.url().default('postgres://catalog@127.0.0.1:5432/catalog').describe('A database of its own'),
  CATALOG_FRESH_MS: z.coerce
    .number()
    .int()
    .min(1)
    .default(900)
    .describe('How old the products that shoppers see may be, also when a change could not be told to every replica'),
  SEED: z.enum(['demo', 'none']).default('none').describe('demo: a small shop to look at'),
  SEED_PRODUCTS: z.coerce
    .number()
    .int()
    .min(0)
    .max(150_000)
    .default(120)
    .describe('With SEED=demo: how many products; those beyond 120 are made up'),
});
export type CatalogConfig = ConfigOf<typeof catalogConfig>;
