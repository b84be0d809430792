import { getDataSourceToken } from '@nestjs/typeorm';
import { ordersRpc, type OrderStatus } from '@shop/contracts/orders';
import type { Running } from '@shop/kit/launch';
import { startForTest } from '@shop/kit/testing/services';
import { createTestDatabase, testRedisUrl, type TestDatabase } from '@shop/kit/testing/stores';
import { Rpc } from '@shop/rpc/rpc';
import type { DataSource, Logger } from 'typeorm';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { orders } from '../src/orders.module.js';

const ORDERS = 100_000;
/** One order in this many has each of the rare statuses. */
const RARE = 5000;

let db: TestDatabase;
let running: Running;
const asked: { text: string; values: unknown[] }[] = [];

beforeAll(async () => {
  db = await createTestDatabase('orders');
  running = await startForTest(orders, {
    ORDERS_DATABASE_URL: db.url,
    REDIS_STATE_URL: testRedisUrl(5),
    ORDERS_SWEEP_SECONDS: '30',
  });
  // Ids are in order of time, and the rare statuses spread over all of them.
  await db.query(
    `insert into orders (id, customer_id, idempotency_key, body_hash, status, reason, requested, total_cents, refunded_cents, payment, next_sweep_at)
     select (lpad(to_hex(n), 12, '0') || '70008000000000000000')::uuid, gen_random_uuid(), n, '', status,
            case status when 'rejected' then 'card_declined' end, '[]', 1000, case status when 'refunded' then 1000 else 0 end,
            '{"method":"credit"}', case when status in ('new', 'pending') then '2100-01-01'::timestamptz end
     from (select n, coalesce((array['new', 'pending', 'rejected', 'refunded'])[n % $2], 'paid') as status
           from generate_series(1, $1::integer) n) made`,
    [ORDERS, RARE],
  );
  await db.query('analyze orders');
  const logQuery = (text: string, values: unknown[] = []) => void asked.push({ text, values });
  const dataSource = running.app.get<DataSource>(getDataSourceToken('orders'), { strict: false });
  dataSource.logger = { ...dataSource.logger, logQuery } as Logger;
});
afterAll(async () => {
  await running?.stop();
  await db?.drop();
});

test.each<OrderStatus>(['new', 'pending', 'paid', 'rejected', 'refunded'])(
  `a page of orders that are %s reads few of ${ORDERS} orders`,
  async (status) => {
    const rpc = running.app.get(Rpc, { strict: false });
    asked.splice(0);
    const first = await rpc.call(ordersRpc.listOrders, { status, limit: 15 });
    const second = await rpc.call(ordersRpc.listOrders, { status, limit: 15, cursor: first.nextCursor! });
    const items = [...first.items, ...second.items];
    expect(new Set(items.map((order) => order.status))).toEqual(new Set([status]));
    expect(new Set(items.map(({ id }) => id)).size).toBe(status === 'paid' ? 30 : ORDERS / RARE);
    expect(asked).toHaveLength(2);
    for (const { text, values } of asked) {
      const plan = await db.query<{ 'QUERY PLAN': string }>(`explain (analyze, buffers) ${text}`, values);
      const lines = plan.map((line) => line['QUERY PLAN']);
      const pages = Number(/shared hit=(\d+)/.exec(lines.join('\n'))![1]);
      expect(pages, lines.join('\n')).toBeLessThan(60);
      expect(lines.join('\n')).not.toContain('Seq Scan');
    }
  },
);
