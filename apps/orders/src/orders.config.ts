import { defineConfig, type ConfigOf } from '@shop/kit/config';
import * as z from 'zod';

export const ordersConfig = defineConfig({
  ORDERS_DATABASE_URL: z.url().default('postgres://orders@127.0.0.1:5432/orders').describe('A database of its own'),
  ORDERS_SWEEP_SECONDS: z.coerce
    .number()
    .min(0.1)
    .max(30)
    .default(5)
    .describe('How often orders that got stuck are looked for, and how long an order may take before it counts as one'),
  ORDERS_WITHDRAW_SECONDS: z.coerce
    .number()
    .min(1)
    .default(15)
    .describe(
      'How long a new order waits for its client, who may still be waiting for it or come again; longer than REQUEST_DEADLINE_MS',
    ),
});
export type OrdersConfig = ConfigOf<typeof ordersConfig>;
