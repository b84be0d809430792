import { defineConfig, type ConfigOf } from '@shop/kit/config';
import * as z from 'zod';

export const catalogConfig = defineConfig({
  CATALOG_DATABASE_URL: z
    .url()
    .default('postgres://catalog@127.0.0.1:5432/catalog')
    .describe('Database of the catalog'),
  CATALOG_FRESH_MS: z.coerce
    .number()
    .int()
    .min(1)
    .default(900)
    .describe('Maximum age of the products that shoppers see, even when a change did not reach every replica'),
  RESERVATION_SECONDS: z.coerce
    .number()
    .min(1)
    .default(1800)
    .describe('Time for which stock is held for an order before orders is asked about its state'),
  CATALOG_SWEEP_SECONDS: z.coerce
    .number()
    .min(0.1)
    .max(3600)
    .default(10)
    .describe('Interval of sweeps: expired reservations, stuck images, parts of the sitemap'),
  CATALOG_RESERVE_TOGETHER: z.coerce
    .number()
    .int()
    .min(1)
    .max(1000)
    .default(100)
    .describe(
      'Maximum number of orders for the same product that reserve in one statement; 1: one statement per order',
    ),
  MEDIA_URL: z
    .string()
    .regex(/^(https?:\/)?\/[^\s]*$/, 'must be a path or an address')
    .transform((url) => url.replace(/\/+$/, ''))
    .default('/media')
    .describe('The start of all image URLs: /media of the gateway, or of a server with a copy of it'),
  PICTURE_RETRY_SECONDS: z.coerce
    .number()
    .min(0.1)
    .default(60)
    .describe('How long an image may make no progress before it is put into the queue again'),
  PICTURE_FILES_KEPT_SECONDS: z.coerce
    .number()
    .min(0)
    .default(3600)
    .describe('How long unneeded files are kept: uploads that were not taken over, images that no product shows'),
  SEED: z.enum(['demo', 'none']).default('none').describe('demo: a small shop to try out'),
  SEED_PRODUCTS: z.coerce
    .number()
    .int()
    .min(0)
    .max(150_000)
    .default(120)
    .describe('With SEED=demo: number of products; those beyond 120 are generated'),
  SEED_IMAGES: z.enum(['on', 'off']).default('on').describe('With SEED=demo: whether its products get images'),
});
export type CatalogConfig = ConfigOf<typeof catalogConfig>;
