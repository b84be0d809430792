import { v7 as uuidv7 } from 'uuid';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { card, startPayments, type Payments } from './payments-under-test.js';

let payments: Payments;
beforeAll(async () => {
  payments = await startPayments();
});
afterAll(() => payments.stop());

test('a good card is charged once and booked, and orders is notified', async () => {
  const { orderId } = await payments.charge(card('tok_ok'));
  expect(await payments.settled(orderId)).toEqual({ status: 'paid' });
  expect(await payments.stateOf(orderId)).toEqual({ status: 'paid' });
  expect(await payments.providerCharges(orderId)).toEqual([{ status: 'paid', calls: 1 }]);
  expect(await payments.entries(orderId)).toEqual([
    { account: 'provider:fake', cents: -1234 },
    { account: 'sales', cents: 1234 },
  ]);
});

test.each(['tok_declined', 'tok_unheard_of', 'x'.repeat(255)])(
  'card %s is declined, and nothing is booked',
  async (token) => {
    const { orderId } = await payments.charge(card(token));
    expect(await payments.settled(orderId)).toEqual({ status: 'declined', reason: 'card_declined' });
    expect(await payments.stateOf(orderId)).toEqual({ status: 'declined', reason: 'card_declined' });
    expect(await payments.entries(orderId)).toEqual([]);
  },
);

test('a payment waits for a slow provider', async () => {
  const { orderId } = await payments.charge(card('tok_slow'));
  await vi.waitFor(async () => expect(await payments.stateOf(orderId)).toEqual({ status: 'waiting' }));
  expect(await payments.settled(orderId)).toEqual({ status: 'paid' });
  expect(await payments.providerCharges(orderId)).toEqual([{ status: 'paid', calls: 1 }]);
});

test('a provider that times out twice is asked what it did, and has charged once', async () => {
  const { orderId } = await payments.charge(card('tok_flaky'));
  expect(await payments.settled(orderId)).toEqual({ status: 'paid' });
  // The second call's answer was lost; asking found its charge, so there was no third call.
  expect(await payments.providerCharges(orderId)).toEqual([{ status: 'paid', calls: 2 }]);
  expect(await payments.entries(orderId)).toHaveLength(2);
});

test('an order that costs nothing is paid without a charge', async () => {
  const { orderId } = await payments.charge(card('tok_declined'), { amountCents: 0 });
  expect(await payments.settled(orderId)).toEqual({ status: 'paid' });
  expect(await payments.providerCharges(orderId)).toEqual([]);
});

test('a payment that was never asked for is unknown', async () => {
  expect(await payments.stateOf(uuidv7())).toEqual({ status: 'unknown' });
});

test('fifty concurrent jobs for one order make one charge and one ledger transaction', async () => {
  const orderId = uuidv7();
  await Promise.all(Array.from({ length: 50 }, () => payments.charge(card('tok_ok'), { orderId })));
  expect(await payments.settled(orderId)).toEqual({ status: 'paid' });
  await payments.charge(card('tok_ok'), { orderId });
  await vi.waitFor(() => expect(payments.received.filter((t) => t.orderId === orderId).length).toBeGreaterThan(1));
  expect(await payments.providerCharges(orderId)).toEqual([{ status: 'paid', calls: 1 }]);
  expect(await payments.entries(orderId)).toHaveLength(2);
});

test('a job that comes after its payment was settled sends orders the first outcome again', async () => {
  const { orderId } = await payments.charge(card('tok_declined'));
  await payments.settled(orderId);
  const before = payments.received.length;
  await payments.charge(card('tok_ok'), { orderId });
  await vi.waitFor(() => expect(payments.received.length).toBe(before + 1));
  expect(payments.received.at(-1)).toEqual({ orderId, outcome: { status: 'declined', reason: 'card_declined' } });
});

test('a payment whose process died after the charge is found at the provider, not charged again', async () => {
  const orderId = uuidv7();
  await payments.db.query(
    `insert into fake_charges (idempotency_key, amount_cents, token, calls, status) values ($1, 500, 'tok_ok', 1, 'paid')`,
    [orderId],
  );
  await leaveWaiting(orderId, 'tok_ok');
  expect(await payments.settled(orderId)).toEqual({ status: 'paid' });
  expect(await payments.providerCharges(orderId)).toEqual([{ status: 'paid', calls: 1 }]);
  expect(await payments.entries(orderId)).toHaveLength(2);
});

test('a payment whose process died before it called the provider is charged', async () => {
  const orderId = uuidv7();
  await leaveWaiting(orderId, 'tok_ok');
  expect(await payments.settled(orderId)).toEqual({ status: 'paid' });
  expect(await payments.providerCharges(orderId)).toEqual([{ status: 'paid', calls: 1 }]);
});

test('a payment that one process has leased is attempted by no other until the lease ends', async () => {
  const { orderId } = await payments.charge(card('tok_slow'));
  await vi.waitFor(async () => expect(await payments.stateOf(orderId)).toEqual({ status: 'waiting' }));
  await payments.charge(card('tok_slow'), { orderId });
  await payments.settled(orderId);
  expect(await payments.providerCharges(orderId)).toEqual([{ status: 'paid', calls: 1 }]);
});

/** Leaves a payment as a process does that is killed during its first attempt. */
async function leaveWaiting(orderId: string, token: string): Promise<void> {
  await payments.db.query(
    `insert into payments (order_id, customer_id, amount_cents, currency, payment, next_attempt_at, give_up_at)
     values ($1, $2, 500, 'EUR', $3, now(), now() + interval '15 minutes')`,
    [orderId, uuidv7(), JSON.stringify(card(token))],
  );
}
