import { paymentsRpc } from '@shop/contracts/payments';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { card, startPayments, type Payments } from '../../../../test/payments-under-test.js';
import { startStripeFake, type StripeFake } from './stripe-fake.js';

const CREATE = 'POST /v1/payment_intents';
const CANCEL = 'POST /v1/payment_intents/:id/cancel';
const LIST = 'GET /v1/payment_intents';
const REFUND = 'POST /v1/refunds';

let stripe: StripeFake;
let payments: Payments;
beforeAll(async () => {
  stripe = await startStripeFake();
  payments = await startPayments({ ...stripe.env, PAYMENT_LEASE_SECONDS: '2', PAYMENT_GIVE_UP_SECONDS: '6' });
});
afterEach(() => stripe.calls.splice(0));
afterAll(async () => {
  await payments.stop();
  await stripe.stop();
});

const charge = async (token: string) => (await payments.charge(card(token))).orderId;
const statuses = (orderId: string) => stripe.intentsOf(orderId).map(({ status }) => status);
const booked = (orderId: string) => payments.entries(orderId);
const paid = { status: 'paid' };
const declined = (reason: string) => ({ status: 'declined', reason });

test.each(['tok_visa', 'pm_card_visa'])('card %s is charged in one call, and booked', async (token) => {
  const orderId = await charge(token);
  expect(await payments.settled(orderId)).toEqual(paid);
  expect(stripe.calls.filter((call) => !call.includes('payment_methods'))).toEqual([CREATE]);
  expect(stripe.intentsOf(orderId)).toMatchObject([{ amount: 1234, status: 'succeeded' }]);
  expect(await booked(orderId)).toEqual([
    { account: 'provider:stripe', cents: -1234 },
    { account: 'sales', cents: 1234 },
  ]);
});

test.each([
  ['tok_chargeDeclined', 'card_declined'],
  ['tok_unheard_of', 'card_declined'],
  ['anything at all', 'card_declined'],
  ['x'.repeat(255), 'card_declined'],
  ['pm_card_authenticationRequired', 'authentication_required'],
])('card %s is declined as %s', async (token, reason) => {
  const orderId = await charge(token);
  expect(await payments.settled(orderId)).toEqual(declined(reason));
  expect(await booked(orderId)).toEqual([]);
});

test('a card that needs authentication is declined, and its intent is cancelled', async () => {
  const orderId = await charge('pm_card_threeDSecure');
  expect(await payments.settled(orderId)).toEqual(declined('authentication_required'));
  expect(statuses(orderId)).toEqual(['canceled']);
});

test('a card that needs authentication is declined although the answer to the cancellation is lost', async () => {
  stripe.fault('after', CANCEL);
  const orderId = await charge('pm_card_threeDSecure');
  expect(await payments.settled(orderId)).toEqual(declined('authentication_required'));
  expect(stripe.calls.filter((call) => call === CANCEL)).toHaveLength(2);
  expect(statuses(orderId)).toEqual(['canceled']);
});

test.each(['before', 'after'] as const)(
  'a request lost %s it was processed is repeated, and charges once',
  async (fault) => {
    stripe.fault(fault, CREATE, 2);
    const orderId = await charge('tok_visa');
    expect(await payments.settled(orderId)).toEqual(paid);
    expect(stripe.calls.filter((call) => call === CREATE)).toHaveLength(3);
    expect(statuses(orderId)).toEqual(['succeeded']);
    expect(await booked(orderId)).toHaveLength(2);
  },
);

test('a decline whose answer was lost is still a decline', async () => {
  stripe.fault('after', CREATE);
  const orderId = await charge('tok_chargeDeclined');
  expect(await payments.settled(orderId)).toEqual(declined('card_declined'));
  expect(stripe.intentsOf(orderId)).toHaveLength(1);
});

test('a charge that Stripe made although it answered with an error is found in its list', async () => {
  stripe.fault('fails', CREATE);
  const orderId = await charge('tok_visa');
  expect(await payments.settled(orderId)).toEqual(paid);
  expect(stripe.calls).toContain(LIST);
  expect(statuses(orderId)).toEqual(['succeeded']);
});

test('while Stripe is unavailable payments wait, and are charged once it is back', async () => {
  await stripe.goAway();
  const orderId = await charge('tok_visa');
  await attempted(orderId, 3);
  expect(await payments.stateOf(orderId)).toEqual({ status: 'waiting' });
  await stripe.comeBack();
  expect(await payments.settled(orderId)).toEqual(paid);
});

test('a payment that never reached Stripe is given up', async () => {
  await stripe.goAway();
  const orderId = await charge('tok_visa');
  expect(await payments.settled(orderId, 15_000)).toEqual(declined('provider_unavailable'));
  await stripe.comeBack();
  expect(stripe.intentsOf(orderId)).toEqual([]);
});

test('a payment in doubt is not given up while Stripe is unavailable, and is paid if Stripe has charged', async () => {
  stripe.fault('after', CREATE);
  const orderId = await charge('tok_visa');
  await vi.waitFor(() => expect(statuses(orderId)).toEqual(['succeeded']));
  await stripe.goAway();
  await expired(orderId);
  expect(await payments.stateOf(orderId)).toEqual({ status: 'waiting' });
  await stripe.comeBack();
  expect(await payments.settled(orderId, 15_000)).toEqual(paid);
  expect(statuses(orderId)).toEqual(['succeeded']);
  expect(await booked(orderId)).toHaveLength(2);
});

test('giving up a payment in doubt uses its key, so that a request still on its way cannot charge', async () => {
  stripe.fault('before', CREATE);
  const orderId = await charge('tok_visa');
  await vi.waitFor(() => expect(stripe.calls).toContain(CREATE));
  await stripe.goAway();
  await expired(orderId);
  await stripe.comeBack();
  expect(await payments.settled(orderId, 15_000)).toEqual(declined('provider_unavailable'));
  expect(statuses(orderId)).toEqual(['canceled']);
  expect(await createLate(orderId)).toBe('idempotency_error');
});

test('a charge whose key Stripe has forgotten is found in its list', async () => {
  stripe.fault('after', CREATE);
  const orderId = await charge('tok_visa');
  await vi.waitFor(() => expect(statuses(orderId)).toEqual(['succeeded']));
  await stripe.goAway();
  await expired(orderId);
  await payments.db.query(`update payments set created_at = now() - interval '25 hours' where order_id = $1`, [
    orderId,
  ]);
  stripe.keys.clear();
  await stripe.comeBack();
  expect(await payments.settled(orderId, 15_000)).toEqual(paid);
  expect(stripe.calls).toContain(LIST);
  expect(statuses(orderId)).toEqual(['succeeded', 'canceled']);
});

test('a refund whose answer is lost is made once', async () => {
  const orderId = await charge('tok_visa');
  await payments.settled(orderId);
  const refund = { orderId, reason: 'broken' };
  await payments.rpc.call(paymentsRpc.requestRefund, { ...refund, idempotencyKey: 'a', amountCents: 200 });
  await payments.refunded(orderId, 200);
  stripe.fault('after', REFUND);
  await payments.rpc.call(paymentsRpc.requestRefund, { ...refund, idempotencyKey: 'b' });
  await payments.refunded(orderId, 1234);
  expect(stripe.refundsOf(orderId).map(({ amount }) => amount)).toEqual([200, 1034]);
});

test('a refund that Stripe made although it answered with an error is found in its list', async () => {
  const orderId = await charge('tok_visa');
  await payments.settled(orderId);
  stripe.fault('fails', REFUND);
  await payments.rpc.call(paymentsRpc.requestRefund, { orderId, reason: 'broken', idempotencyKey: 'a' });
  await payments.refunded(orderId, 1234);
  expect(stripe.calls.filter((call) => call === REFUND)).toHaveLength(1);
  expect(stripe.refundsOf(orderId)).toHaveLength(1);
});

test('a refund for which Stripe repeats its failure waits until Stripe has forgotten the key', async () => {
  const orderId = await charge('tok_visa');
  await payments.settled(orderId);
  stripe.fault('broken', REFUND);
  const refund = (idempotencyKey: string) =>
    payments.rpc.call(paymentsRpc.requestRefund, { orderId, reason: 'broken', idempotencyKey });
  await refund('a');
  await vi.waitFor(() => expect(stripe.calls.filter((call) => call === REFUND).length).toBeGreaterThan(1), 10_000);
  expect(stripe.refundsOf(orderId)).toEqual([]);
  // A waiting refund counts as refunded.
  await expect(refund('b')).rejects.toMatchObject({ code: 'refund_exceeds_payment' });
  await refund('a');
  stripe.keys.clear();
  await payments.refunded(orderId, 1234);
  expect(stripe.refundsOf(orderId)).toHaveLength(1);
});

test('a refund that Stripe refuses fails, and its amount can be refunded again', async () => {
  const orderId = await charge('tok_visa');
  await payments.settled(orderId);
  await payments.db.query(`update payments set charge_id = 'pi_gone' where order_id = $1`, [orderId]);
  const refund = { orderId, reason: 'broken' };
  await payments.rpc.call(paymentsRpc.requestRefund, { ...refund, idempotencyKey: 'a' });
  const failures = () => payments.db.query('select failure from refunds where order_id = $1 order by id', [orderId]);
  await vi.waitFor(async () => expect(await failures()).toEqual([{ failure: 'charge_already_refunded' }]));
  await payments.rpc.call(paymentsRpc.requestRefund, { ...refund, idempotencyKey: 'b' });
});

/** Resolves after this many attempts. */
function attempted(orderId: string, times: number): Promise<void> {
  return vi.waitFor(
    async () => {
      const [row] = await payments.db.query<{ attempts: number }>('select attempts from payments where order_id = $1', [
        orderId,
      ]);
      expect(row!.attempts).toBeGreaterThanOrEqual(times);
    },
    { timeout: 10_000, interval: 20 },
  );
}

/** Ends the time to charge, and waits for the next attempt. */
async function expired(orderId: string): Promise<void> {
  await payments.db.query('update payments set give_up_at = now() where order_id = $1', [orderId]);
  const [row] = await payments.db.query<{ attempts: number }>('select attempts from payments where order_id = $1', [
    orderId,
  ]);
  await attempted(orderId, row!.attempts + 1);
}

/** Sends a delayed request to charge; returns the type of Stripe's error. */
async function createLate(orderId: string): Promise<string | undefined> {
  const response = await fetch(`${stripe.env.STRIPE_API_URL}/v1/payment_intents`, {
    method: 'POST',
    headers: { 'idempotency-key': `charge:${orderId}`, 'content-type': 'application/x-www-form-urlencoded' },
    body: `amount=1234&currency=eur&confirm=true&payment_method=pm_card_visa&metadata[orderId]=${orderId}`,
  });
  return ((await response.json()) as { error?: { type: string } }).error?.type;
}
