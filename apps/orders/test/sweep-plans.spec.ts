// The plans of the sweep's statements with a million orders.
import { plansOf, pretendLarger, recordStatements, type Recorder } from '@shop/kit/testing/plans';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startOrders } from './orders-under-test.js';

const ROWS = 20_000;

let recorder: Recorder;
let orders: Awaited<ReturnType<typeof startOrders>>;
beforeAll(async () => {
  recorder = recordStatements('orders');
  orders = await startOrders();
  recorder.statements.clear(); // of migrations
});
afterAll(async () => {
  recorder.stop();
  await orders?.stop();
});

it('no statement of the sweep reads or sorts a whole table', async () => {
  // A few abandoned orders, some that wait for their payment, and settled ones.
  await orders.db.query(
    `insert into orders (id, customer_id, idempotency_key, body_hash, status, requested, total_cents, currency, payment,
       created_at, next_sweep_at)
     select gen_random_uuid(), gen_random_uuid(), 'key', '', status, '[]', 0, 'EUR', '{"method":"credit"}',
       now() - interval '1 day', case when status <> 'paid' then now() end
     from (
       select case when n % 1000 = 0 then 'new' when n % 100 = 0 then 'pending' else 'paid' end as status
       from generate_series(1, ${ROWS}) n
     ) as made_up`,
  );
  const sent = () => [...recorder.statements.keys()].join('\n');
  for (const step of [/next_sweep_at <= now\(\)/, /set withdrawn_at =/, /delete from orders/, /set status =/])
    await expect.poll(sent, { timeout: 30_000 }).toMatch(step);
  await pretendLarger(orders.db, 50);
  const plans = await plansOf(orders.db, recorder);
  expect(plans.filter(({ faults, cost }) => faults.length > 0 || cost > 2000)).toEqual([]);
});
