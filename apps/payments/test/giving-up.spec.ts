import { v7 as uuidv7 } from 'uuid';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { card, startPayments, type Payments } from './payments-under-test.js';

let payments: Payments;
beforeAll(async () => {
  payments = await startPayments({ PAYMENT_GIVE_UP_SECONDS: '2' });
});
afterAll(() => payments.stop());

test('a payment waits for an unreachable provider, and is declined in the end', async () => {
  const { orderId } = await payments.charge(card('tok_down'));
  await vi.waitFor(async () => expect(await payments.stateOf(orderId)).toEqual({ status: 'waiting' }));
  expect(await payments.settled(orderId)).toEqual({ status: 'declined', reason: 'provider_unavailable' });
  expect(await payments.entries(orderId)).toEqual([]);
  const [row] = await payments.db.query<{ attempts: number; waited: number }>(
    `select attempts, extract(epoch from settled_at - created_at)::float8 as waited from payments where order_id = $1`,
    [orderId],
  );
  expect(row!.attempts).toBeGreaterThan(2);
  expect(row!.waited).toBeGreaterThanOrEqual(2);
});

test('a payment that the provider turns out to have charged is paid, not given up', async () => {
  const orderId = uuidv7();
  await payments.db.query(
    `insert into fake_charges (idempotency_key, amount_cents, token, calls, status) values ($1, 500, 'tok_down', 1, 'paid')`,
    [orderId],
  );
  await leaveExpired(orderId);
  expect(await payments.settled(orderId)).toEqual({ status: 'paid' });
  expect(await payments.entries(orderId)).toHaveLength(2);
});

test('a payment in doubt is cancelled at the provider before it is given up, so that no late charge can follow', async () => {
  const orderId = uuidv7();
  await leaveExpired(orderId);
  expect(await payments.settled(orderId)).toEqual({ status: 'declined', reason: 'provider_unavailable' });
  expect(await payments.providerCharges(orderId)).toEqual([{ status: 'cancelled', calls: 0 }]);
});

async function leaveExpired(orderId: string): Promise<void> {
  await payments.db.query(
    `insert into payments (order_id, customer_id, amount_cents, currency, payment, next_attempt_at, give_up_at)
     values ($1, $2, 500, 'EUR', $3, now(), now())`,
    [orderId, uuidv7(), JSON.stringify(card('tok_down'))],
  );
}
