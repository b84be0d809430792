import { paymentsRpc } from '@shop/contracts/payments';
import { Log } from '@shop/kit/log';
import { startStripeFake, type StripeFake } from './stripe-fake.js';
import { createTestDatabase, type TestDatabase } from '@shop/kit/testing/stores';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { card, startPayments, type Payments } from '../../../../test/payments-under-test.js';

const hasty = { PAYMENT_LEASE_SECONDS: '1' };
let stripe: StripeFake;
let db: TestDatabase;
let payments: Payments | undefined;
beforeAll(async () => {
  stripe = await startStripeFake();
});
beforeEach(async () => {
  db = await createTestDatabase('payments');
});
afterEach(async () => {
  vi.restoreAllMocks();
  await payments?.stop();
  payments = undefined;
  await db.drop();
});
afterAll(() => stripe.stop());

/** Restarts payments on the same database. */
async function restart(env: Record<string, string>): Promise<Payments> {
  await payments?.stop();
  return (payments = await startPayments({ ...hasty, ...env }, db));
}
const withStripe = () => stripe.env;
/** The settings of Stripe stay, for its earlier charges. */
const withFake = () => ({ ...stripe.env, PAYMENT_PROVIDER: 'fake' });
const withoutStripe = { PAYMENT_PROVIDER: 'fake' };

const refund = (orderId: string) =>
  payments!.rpc.call(paymentsRpc.requestRefund, { orderId, idempotencyKey: 'k', reason: 'broken' });
const fakeRefunds = (orderId: string) =>
  db.query('select amount_cents::int as cents from fake_refunds where charge_key = $1', [orderId]);
const booked = (reference: string) =>
  db.query(
    `select account, amount_cents::int as cents from ledger_entries join ledger_transactions on id = transaction_id
     where reference like $1 order by account desc`,
    [reference],
  );
const providerOf = async (orderId: string) =>
  (await db.query<{ provider: string | null }>('select provider from payments where order_id = $1', [orderId]))[0];

test('the fake provider refunds its charge after a change to Stripe', async () => {
  const { charge, settled } = await restart(withoutStripe);
  const { orderId } = await charge(card('tok_ok'));
  await settled(orderId);
  const { refunded } = await restart(withStripe());
  await refund(orderId);
  await refunded(orderId, 1234);
  expect(await fakeRefunds(orderId)).toEqual([{ cents: 1234 }]);
  expect(stripe.refundsOf(orderId)).toEqual([]);
  expect(await booked('refund:%')).toEqual([
    { account: 'sales', cents: -1234 },
    { account: 'provider:fake', cents: 1234 },
  ]);
  const fresh = await payments!.charge(card('tok_visa'));
  await payments!.settled(fresh.orderId);
  expect([await providerOf(orderId), await providerOf(fresh.orderId)]).toEqual([
    { provider: 'fake' },
    { provider: 'stripe' },
  ]);
});

test.each(['stripe', null])(
  'Stripe refunds its charge, whose row names %s, after a change to the fake provider',
  async (named) => {
    const { charge, settled } = await restart(withStripe());
    const { orderId } = await charge(card('tok_visa'));
    await settled(orderId);
    await db.query('update payments set provider = $1', [named]);
    const { refunded } = await restart(withFake());
    await refund(orderId);
    await refunded(orderId, 1234);
    expect(stripe.refundsOf(orderId).map(({ amount }) => amount)).toEqual([1234]);
    expect(await fakeRefunds(orderId)).toEqual([]);
    expect(await booked('refund:%')).toEqual([
      { account: 'sales', cents: -1234 },
      { account: 'provider:stripe', cents: 1234 },
    ]);
  },
);

test('a charge in doubt is continued with the provider that began it', async () => {
  const first = await restart({ ...withStripe(), PAYMENT_LEASE_SECONDS: '5' });
  stripe.fault('after', 'POST /v1/payment_intents');
  const { orderId } = await first.charge(card('tok_visa'));
  await vi.waitFor(() => expect(stripe.intentsOf(orderId)).toMatchObject([{ status: 'succeeded' }]));
  await db.query(`update payments set next_attempt_at = now() + interval '3 seconds'`);
  const second = await restart(withFake());
  expect(await second.settled(orderId)).toEqual({ status: 'paid' });
  expect(stripe.intentsOf(orderId)).toHaveLength(1);
  expect(await second.providerCharges(orderId)).toEqual([]);
  expect(await booked('payment:%')).toContainEqual({ account: 'provider:stripe', cents: -1234 });
});

test('without the settings of the provider that charged, a refund waits, and the log names them', async () => {
  const { charge, settled } = await restart(withStripe());
  const { orderId } = await charge(card('tok_visa'));
  await settled(orderId);
  const { running } = await restart(withoutStripe);
  const errors = vi.spyOn(running.app.get(Log), 'error');
  await refund(orderId);
  await vi.waitFor(() => expect(errors).toHaveBeenCalled(), 10_000);
  expect(String((errors.mock.calls[0]![0] as { err: Error }).err)).toContain(
    'stripe needs STRIPE_SECRET_KEY and STRIPE_WEBHOOK_SECRET',
  );
  expect(await db.query('select status from refunds')).toEqual([{ status: 'waiting' }]);
  expect(await booked('refund:%')).toEqual([]);
  const { refunded } = await restart(withFake());
  await refunded(orderId, 1234);
  expect(stripe.refundsOf(orderId)).toHaveLength(1);
});
