import { paymentsRpc } from '@shop/contracts/payments';
import { v7 as uuidv7 } from 'uuid';
import { afterEach, expect, test, vi } from 'vitest';
import { FakeProvider } from '../src/providers/fake/fake-provider.js';
import { card, startPayments, type Payments } from './payments-under-test.js';

let payments: Payments;
afterEach(async () => {
  vi.restoreAllMocks();
  await payments.stop();
});

/** Counts the charges under way at the provider, now and at most so far. */
function watchProvider() {
  const seen = { now: 0, most: 0 };
  const charge = Reflect.get(FakeProvider.prototype, 'charge');
  vi.spyOn(FakeProvider.prototype, 'charge').mockImplementation(async function (this: FakeProvider, about) {
    seen.most = Math.max(seen.most, ++seen.now);
    try {
      return await charge.call(this, about);
    } finally {
      seen.now -= 1;
    }
  });
  return seen;
}
const chargeAll = (times: number, token: string) =>
  Promise.all(Array.from({ length: times }, () => payments.charge(card(token))));
const count = async (where: string) =>
  (await payments.db.query<{ n: number }>(`select count(*)::int as n from payments where ${where}`))[0]!.n;
/** Leaves a payment whose earlier attempt has ended without a result. */
const leaveDue = async (token: string) => {
  const orderId = uuidv7();
  await payments.db.query(
    `insert into payments (order_id, customer_id, amount_cents, currency, payment, in_doubt, next_attempt_at, give_up_at)
     values ($1, $2, 500, 'EUR', $3, false, now(), now() + interval '15 minutes')`,
    [orderId, uuidv7(), JSON.stringify(card(token))],
  );
  return orderId;
};

test('150 slow cards are charged concurrently, and a good one behind them is paid before they are', async () => {
  payments = await startPayments({ PAYMENT_LEASE_SECONDS: '30' });
  const provider = watchProvider();
  await chargeAll(150, 'tok_slow');
  const { orderId } = await payments.charge(card('tok_ok'));
  expect(await payments.settled(orderId)).toEqual({ status: 'paid' });
  // With ten at a time at least a hundred slow cards would be charged before the good one.
  expect(await count(`payment->>'token' = 'tok_slow' and status = 'paid'`)).toBeLessThan(100);
  await vi.waitFor(async () => expect(await count(`status = 'paid'`)).toBe(151), { timeout: 20_000, interval: 50 });
  expect(provider.most).toBeGreaterThanOrEqual(150);
});

test('a provider that uses up its share delays no payment by store credit, and has no more charges under way', async () => {
  payments = await startPayments({ PAYMENT_LEASE_SECONDS: '30', PAYMENTS_IN_FLIGHT: '10' });
  const provider = watchProvider();
  const customerId = uuidv7();
  await payments.rpc.call(paymentsRpc.giveCredit, { customerId, amountCents: 12_34, reference: 'sorry' });
  await chargeAll(40, 'tok_slow');
  await vi.waitFor(async () => expect(await count(`payment->>'token' = 'tok_slow'`)).toBe(40));
  const { orderId } = await payments.charge({ method: 'credit' }, { customerId });
  expect(await payments.settled(orderId)).toEqual({ status: 'paid' });
  expect(await count(`status = 'waiting'`)).toBeGreaterThan(0);
  // Payments without room were left to the sweep and charged once each.
  await vi.waitFor(async () => expect(await count(`status = 'paid'`)).toBe(41), { timeout: 60_000, interval: 100 });
  expect(provider.most).toBeLessThanOrEqual(20);
  expect(await payments.db.query('select from fake_charges where calls > 1')).toEqual([]);
}, 70_000);

test('a sweep does not wait for the slowest payment that it has begun', async () => {
  payments = await startPayments({ PAYMENT_LEASE_SECONDS: '30' });
  const slow = await leaveDue('tok_slow');
  await vi.waitFor(async () => expect(await count(`order_id = '${slow}' and attempts = 2`)).toBe(1));
  const good = await leaveDue('tok_ok');
  expect(await payments.settled(good)).toEqual({ status: 'paid' });
  expect(await payments.stateOf(slow)).toEqual({ status: 'waiting' });
  expect(await payments.settled(slow)).toEqual({ status: 'paid' });
});

test('a sweep does not wait for the slowest refund that it has begun', async () => {
  payments = await startPayments({ PAYMENT_LEASE_SECONDS: '30' });
  const orders = await chargeAll(2, 'tok_ok');
  for (const { orderId } of orders) await payments.settled(orderId);
  const [held, other] = orders.map(({ orderId }) => orderId) as [string, string];
  let release = () => {};
  const hanging = new Promise<void>((resolve) => (release = resolve));
  const refund = vi.spyOn(FakeProvider.prototype, 'refund');
  refund.mockImplementationOnce(() => hanging.then(() => ({ status: 'refunded' })));
  const ask = (orderId: string) =>
    payments.rpc.call(paymentsRpc.requestRefund, { orderId, idempotencyKey: 'k', reason: 'broken' });
  await ask(held);
  await vi.waitFor(() => expect(refund).toHaveBeenCalled());
  await ask(other);
  await payments.refunded(other, 1234);
  expect(payments.refunds.received.some(({ orderId }) => orderId === held)).toBe(false);
  release();
  await payments.refunded(held, 1234);
});
