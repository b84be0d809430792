// An outage of another service is a few log lines, however many orders wait for it.
import { freePort } from '@shop/tools/ports';
import { expect, onTestFinished, test, vi } from 'vitest';
import { only, startShop } from '../shop.js';

const ORDERS = 300;
const SWEEPS = 3;
/** As pino counts levels. */
const WARN = 40;

interface Line {
  level: number;
  time: string;
  msg: string;
  orderId?: string;
  repeated?: number;
}

test('three hundred orders stuck for several sweeps log at most twenty lines in ten seconds, which count the others', async () => {
  const unused = `127.0.0.1:${await freePort()}`;
  const env = { ORDERS_SWEEP_SECONDS: '0.1', CATALOG_ADDRESSES: unused, PAYMENTS_ADDRESSES: unused };
  const shop = await startShop({ replicas: only('orders'), env });
  onTestFinished(() => shop.stop());
  const { query } = shop.databases.orders;
  await query(
    `insert into orders (id, customer_id, idempotency_key, body_hash, status, requested, currency, payment, next_sweep_at)
     select gen_random_uuid(), gen_random_uuid(), n::text, '', 'pending', '[]', 'EUR', '{"method": "card", "token": "tok_ok"}', now()
     from generate_series(1, $1) n`,
    [ORDERS],
  );
  await vi.waitFor(
    async () => {
      // The wait between two sweeps of an order grows; here it is cut short.
      await query('update orders set next_sweep_at = now() where sweeps < $1', [SWEEPS]);
      expect(await query('select from orders where sweeps < $1', [SWEEPS])).toEqual([]);
    },
    { timeout: 60_000, interval: 100 },
  );
  await shop.halt();

  const lines = await shop.logOf<Line>('orders');
  const stuck = lines.filter(({ msg }) => msg === 'order is still stuck');
  const warnings = lines.filter(({ level }) => level >= WARN);
  const seconds = (Date.parse(warnings.at(-1)!.time) - Date.parse(warnings[0]!.time)) / 1000;
  expect(warnings.length).toBeLessThanOrEqual(20 * (1 + Math.ceil(seconds / 10)));
  expect(stuck.filter(({ orderId }) => orderId).length).toBeGreaterThanOrEqual(3);
  const told = stuck.reduce((sum, { repeated = 1 }) => sum + repeated, 0);
  expect(told).toBeGreaterThanOrEqual(ORDERS * (SWEEPS - 1));
});
