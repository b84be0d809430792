import { defineConfig, type ConfigOf } from '@shop/kit/config';
import * as z from 'zod';

export const ordersConfig = defineConfig({
  ORDERS_DATABASE_URL: z.url().default('postgres://orders@127.0.0.1:5432/orders').describe('A database of its own'),
  ORDERS_SWEEP_SECONDS: z.coerce
    .number()
    .min(0.1)
    .max(30)
    .default(5)
    .describe('Interval of the sweep that resumes stuck orders, and the time after which an order counts as stuck'),
  ORDERS_WITHDRAW_SECONDS: z.coerce
    .number()
    .min(1)
    .default(15)
    .describe(
      'After how long a new order is cancelled whose client got no answer and does not retry; longer than REQUEST_DEADLINE_MS',
    ),
});
export type OrdersConfig = ConfigOf<typeof ordersConfig>;
