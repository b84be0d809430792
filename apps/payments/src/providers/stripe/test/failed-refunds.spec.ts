import { paymentsRpc, type Refund } from '@shop/contracts/payments';
import { Log } from '@shop/kit/log';
import { startStripeFake, stripeEvent, type StripeFake } from './stripe-fake.js';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { card, startPayments, type Payments } from '../../../../test/payments-under-test.js';

const REFUND = 'POST /v1/refunds';
const within = { timeout: 20_000, interval: 50 };

let stripe: StripeFake;
let payments: Payments;
beforeAll(async () => {
  stripe = await startStripeFake();
  payments = await startPayments({ ...stripe.env, PAYMENT_LEASE_SECONDS: '1', REFUND_GIVE_UP_SECONDS: '3' });
});
afterEach(() => {
  vi.restoreAllMocks();
  payments.refunds.old = false;
});
afterAll(async () => {
  await payments.stop();
  await stripe.stop();
});

async function paidOrder(token = 'pm_card_visa'): Promise<string> {
  const { orderId } = await payments.charge(card(token));
  await payments.settled(orderId);
  return orderId;
}
const refund = (orderId: string, idempotencyKey = 'k', amountCents?: number) =>
  payments.rpc.call(paymentsRpc.requestRefund, { orderId, idempotencyKey, reason: 'broken', amountCents });
async function refunded(orderId: string): Promise<void> {
  await refund(orderId);
  await payments.refunded(orderId, 1234);
}
const refundsOf = async (orderId: string) => (await payments.rpc.call(paymentsRpc.listRefunds, { orderId })).items;
const become = (orderId: string, states: Partial<Refund>[]) =>
  vi.waitFor(async () => expect(await refundsOf(orderId)).toMatchObject(states), within);
const receive = (event: { body: string; signature: string }) =>
  payments.rpc.call(paymentsRpc.receiveStripeEvent, event);
/** Defers the checks by the sweep, so that only an event can reveal the failure. */
const onlyByEvent = (orderId: string) =>
  payments.db.query(`update refunds set next_check_at = now() + interval '1 hour' where order_id = $1`, [orderId]);
const bookings = (orderId: string) =>
  payments.db.query(
    `select split_part(reference, ':', 1) as booked, account, e.amount_cents::int as cents from ledger_entries e
     join ledger_transactions t on t.id = transaction_id join refunds r on split_part(reference, ':', 2) = r.id::text
     where r.order_id = $1 order by t.id, account desc`,
    [orderId],
  );
const made = [
  { booked: 'refund', account: 'sales', cents: -1234 },
  { booked: 'refund', account: 'provider:stripe', cents: 1234 },
];
const bookedBack = [
  ...made,
  { booked: 'refund-failed', account: 'sales', cents: 1234 },
  { booked: 'refund-failed', account: 'provider:stripe', cents: -1234 },
];

test.each(['refund.failed', 'refund.updated', 'charge.refund.updated'])(
  'a refund that fails after it was made is booked back on the event %s, and orders is notified',
  async (type) => {
    const orderId = await paidOrder();
    await refunded(orderId);
    await onlyByEvent(orderId);
    stripe.refundsBecome(orderId, 'failed', 'lost_or_stolen_card');
    await receive(stripeEvent(type, orderId));
    await payments.refunded(orderId, 0, 20_000);
    expect(await bookings(orderId)).toEqual(bookedBack);
    expect(await refundsOf(orderId)).toMatchObject([
      { amountCents: 1234, status: 'failed', reason: 'broken', failure: 'lost_or_stolen_card' },
    ]);
  },
);

test('a refund that fails after it was made is found by the sweep when no event comes', async () => {
  const orderId = await paidOrder();
  await refunded(orderId);
  stripe.refundsBecome(orderId, 'failed', 'lost_or_stolen_card');
  await payments.refunded(orderId, 0, 20_000);
  expect(await bookings(orderId)).toEqual(bookedBack);
});

test('duplicate, late and reordered events book a failed refund back once', async () => {
  const orderId = await paidOrder();
  await refunded(orderId);
  stripe.refundsBecome(orderId, 'failed', 'unknown');
  const types = ['refund.failed', 'refund.created', 'charge.refund.updated', 'refund.updated'];
  const events = types.map((type) => stripeEvent(type, orderId));
  await Promise.all([...events, ...events.reverse(), ...events].map(receive));
  await payments.refunded(orderId, 0, 20_000);
  await receive(stripeEvent('refund.updated', orderId));
  await payments.db.query('update refunds set next_check_at = now() where order_id = $1', [orderId]);
  await vi.waitFor(async () =>
    expect(await payments.db.query('select from refunds where next_check_at <= now()')).toEqual([]),
  );
  expect(await bookings(orderId)).toEqual(bookedBack);
  expect(payments.refunds.received.findLast((sum) => sum.orderId === orderId)).toMatchObject({ revision: 2 });
});

test('an event alone proves nothing: a refund that Stripe lists as made stays made', async () => {
  const orderId = await paidOrder();
  await refunded(orderId);
  await onlyByEvent(orderId);
  await receive(stripeEvent('refund.failed', orderId));
  await vi.waitFor(
    async () =>
      expect(
        await payments.db.query('select attempts from refunds where order_id = $1 and attempts > 1', [orderId]),
      ).toHaveLength(1),
    within,
  );
  expect(await refundsOf(orderId)).toMatchObject([{ status: 'refunded' }]);
  expect(await bookings(orderId)).toEqual(made);
});

test('a refund that is pending at Stripe is waiting, and refunded once Stripe has made it', async () => {
  const orderId = await paidOrder('pm_card_pendingRefund');
  await refund(orderId);
  await vi.waitFor(() => expect(stripe.refundsOf(orderId)).toHaveLength(1), within);
  await refund(orderId);
  expect(await refundsOf(orderId)).toMatchObject([{ status: 'waiting' }]);
  expect(await bookings(orderId)).toEqual([]);
  stripe.refundsBecome(orderId, 'succeeded');
  await payments.refunded(orderId, 1234, 20_000);
  expect(stripe.refundsOf(orderId)).toHaveLength(1);
  expect(await bookings(orderId)).toEqual(made);
});

test('a refund that is pending at Stripe for too long is not given up, and logged as an error', async () => {
  const errors = vi.spyOn(payments.running.app.get(Log), 'error');
  const orderId = await paidOrder('pm_card_pendingRefund');
  await refund(orderId);
  const overdue = expect.stringContaining('overdue') as string;
  await vi.waitFor(() => expect(errors).toHaveBeenCalledWith(expect.objectContaining({ orderId }), overdue), within);
  expect(await refundsOf(orderId)).toMatchObject([{ status: 'waiting' }]);
  await expect(refund(orderId, 'another')).rejects.toMatchObject({ code: 'refund_exceeds_payment' });
  stripe.refundsBecome(orderId, 'failed', 'declined');
  await become(orderId, [{ status: 'failed', failure: 'declined' }]);
  expect(await bookings(orderId)).toEqual([]);
});

test('the key of a failed refund repeats the failure, and another key tries again', async () => {
  const orderId = await paidOrder('pm_card_refundFail');
  await refund(orderId);
  await become(orderId, [{ status: 'failed', failure: 'expired_or_canceled_card' }]);
  await expect(refund(orderId)).rejects.toMatchObject({
    code: 'refund_failed',
    detail: expect.stringContaining('expired_or_canceled_card') as string,
  });
  await expect(refund(orderId, 'k', 5)).rejects.toMatchObject({ code: 'idempotency_key_reused' });
  await refund(orderId, 'another');
  await become(orderId, [{ status: 'failed' }, { status: 'failed' }]);
  expect(await bookings(orderId)).toEqual([]);
});

test('a refund that Stripe does not make is given up after Stripe was asked for it', async () => {
  const orderId = await paidOrder();
  stripe.fault('broken', REFUND, 1);
  await refund(orderId);
  await become(orderId, [{ status: 'failed', failure: 'provider_unavailable' }]);
  expect(stripe.refundsOf(orderId)).toEqual([]);
  await refund(orderId, 'another');
  await payments.refunded(orderId, 1234);
  expect(stripe.refundsOf(orderId)).toHaveLength(1);
});

test('a refund that Stripe made without a usable answer is not given up', async () => {
  const orderId = await paidOrder();
  stripe.fault('after', REFUND, 1);
  await refund(orderId);
  await payments.db.query(`update refunds set created_at = now() - interval '4 seconds' where order_id = $1`, [
    orderId,
  ]);
  await payments.refunded(orderId, 1234, 20_000);
  expect(await bookings(orderId)).toEqual(made);
});

test('payments notifies an old version of orders of a failed refund until that version is replaced', async () => {
  const orderId = await paidOrder();
  await refunded(orderId);
  payments.refunds.old = true;
  stripe.refundsBecome(orderId, 'failed', 'unknown');
  await payments.refunded(orderId, 0, 20_000);
  const before = payments.refunds.received.length;
  payments.refunds.old = false;
  await vi.waitFor(() => expect(payments.refunds.received.length).toBeGreaterThan(before), within);
  await vi.waitFor(
    async () =>
      expect(
        await payments.db.query('select from refunds where order_id = $1 and next_attempt_at is not null', [orderId]),
      ).toEqual([]),
    within,
  );
});

test('a refund is checked at growing intervals for as long as it may fail', async () => {
  const orderId = await paidOrder();
  await refunded(orderId);
  const checkedAt = async (age: string) => {
    await payments.db.query(
      `update refunds set settled_at = now() - $2::interval, next_check_at = now() where order_id = $1`,
      [orderId, age],
    );
    return vi.waitFor(async () => {
      const [row] = await payments.db.query<{ pause: number | null; due: boolean }>(
        `select extract(epoch from next_check_at - now())::int as pause, next_check_at <= now() + interval '1 second' as due
         from refunds where order_id = $1`,
        [orderId],
      );
      expect(row!.due).not.toBe(true);
      return row!.pause;
    }, within);
  };
  expect(await checkedAt('10 minutes')).toBeGreaterThan(500);
  expect(await checkedAt('20 days')).toBeLessThanOrEqual(10 * 86_400);
  expect(await checkedAt('31 days')).toBe(null);
});
