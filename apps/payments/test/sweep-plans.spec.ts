// The plans of the sweeps' statements with a million payments, refunds and events.
import { plansOf, pretendLarger, recordStatements, type Recorder } from '@shop/kit/testing/plans';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startPayments } from './payments-under-test.js';

const ROWS = 20_000;

let recorder: Recorder;
let payments: Awaited<ReturnType<typeof startPayments>>;
beforeAll(async () => {
  recorder = recordStatements('payments');
  payments = await startPayments();
  recorder.statements.clear(); // of migrations
});
afterAll(async () => {
  recorder.stop();
  await payments?.stop();
});

it('no statement of the sweeps reads or sorts a whole table', async () => {
  const { db } = payments;
  await db.query(
    `insert into payments (order_id, customer_id, amount_cents, currency, payment, status, give_up_at, next_attempt_at, settled_at)
     select gen_random_uuid(), gen_random_uuid(), 0, 'EUR', '{"method":"card","token":"tok_ok"}', status,
       now() + interval '1 hour', case status when 'waiting' then now() end, now()
     from (select case when n % 500 = 0 then 'waiting' else 'paid' end as status from generate_series(1, ${ROWS}) n) as made_up`,
  );
  await db.query(
    `insert into refunds (id, order_id, idempotency_key, amount_cents, reason, status, next_attempt_at, next_check_at)
     select gen_random_uuid(), order_id, 'key', 1, '', case when n % 500 = 1 then 'waiting' else 'refunded' end,
       case when n % 500 = 1 then now() end,
       case n % 500 when 1 then null when 2 then now() else now() + interval '1 day' end
     from (select order_id, row_number() over () as n from payments where status = 'paid') as paid`,
  );
  await db.query(
    `insert into provider_events (id, type, received_at) select n::text, 'some', now() - make_interval(days => n % 400)
     from generate_series(1, ${ROWS}) n`,
  );
  const sent = () => [...recorder.statements.keys()].join('\n');
  for (const sweep of [/update payments/, /update refunds r/, /delete from provider_events/])
    await expect.poll(sent, { timeout: 60_000 }).toMatch(sweep);
  await pretendLarger(db, 50);
  const plans = await plansOf(db, recorder);
  // The cost is not checked: limits are parameters, which the planner does not see.
  expect(plans.filter(({ faults }) => faults.length > 0)).toEqual([]);
});

it('the sweep of one provider reads no payments of another that has a backlog', async () => {
  const { db } = payments;
  await db.query(
    `insert into payments (order_id, customer_id, amount_cents, currency, payment, provider, status, give_up_at, next_attempt_at)
     select gen_random_uuid(), gen_random_uuid(), 1, 'EUR', '{"method":"card","token":"tok_ok"}', 'slow', 'waiting',
       now() + interval '1 hour', now() - interval '1 minute' from generate_series(1, 5000)`,
  );
  await db.query('analyze payments');
  const [text] = [...recorder.statements.keys()].filter((statement) =>
    /update payments\s+set attempts/.test(statement),
  );
  const [row] = await db.query<{ 'QUERY PLAN': unknown }>(`explain (analyze, format json) ${text}`, [
    ['fake', 'slow', 'credit'],
    [50, 1, 50],
    'fake',
    30,
  ]);
  const plan = JSON.stringify(row!['QUERY PLAN']);
  expect(plan).toContain('payments_due');
  const removed = [...plan.matchAll(/"Rows Removed by Filter":(\d+)/g)].map(([, rows]) => Number(rows));
  expect(removed.filter((rows) => rows > 0)).toEqual([]);
});
