// An outage of a neighbour is a handful of lines in the log, however many orders wait for it.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { freePort } from '@shop/tools/ports';
import { startProcess } from '@shop/tools/service-process';
import { expect, onTestFinished, test, vi } from 'vitest';
import { freshShop } from '../fresh-shop.js';

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

test('three hundred orders that are stuck for several sweeps log at most twenty lines in ten seconds, which count the rest', async () => {
  const shop = await freshShop(13);
  onTestFinished(() => shop.remove());
  const [opsPort, nobody] = [await freePort(), await freePort()];
  const logFile = join(shop.logDir, 'orders.log');
  const orders = startProcess({
    app: 'orders',
    label: 'orders',
    env: {
      ...shop.env,
      ...{ OPS_PORT: String(opsPort), RPC_PORT: '0', ORDERS_SWEEP_SECONDS: '0.1' },
      ...{ CATALOG_ADDRESSES: `127.0.0.1:${nobody}`, PAYMENTS_ADDRESSES: `127.0.0.1:${nobody}` },
    },
    opsUrl: `http://127.0.0.1:${opsPort}`,
    logFile,
  });
  let stopped: Promise<void> | undefined;
  const stop = () => (stopped ??= orders.stop());
  onTestFinished(stop);
  await orders.ready();
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
  await stop();

  const lines = (await readFile(logFile, 'utf8'))
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Line);
  const stuck = lines.filter(({ msg }) => msg === 'order is still stuck');
  const warnings = lines.filter(({ level }) => level >= WARN);
  const seconds = (Date.parse(warnings.at(-1)!.time) - Date.parse(warnings[0]!.time)) / 1000;
  expect(warnings.length).toBeLessThanOrEqual(20 * (1 + Math.ceil(seconds / 10)));
  expect(stuck.filter(({ orderId }) => orderId).length).toBeGreaterThanOrEqual(3);
  const told = stuck.reduce((sum, { repeated = 1 }) => sum + repeated, 0);
  expect(told).toBeGreaterThanOrEqual(ORDERS * (SWEEPS - 1));
});
