import { paymentsRpc } from '@shop/contracts/payments';
import { readConfigs } from '@shop/kit/config';
import { v7 as uuidv7 } from 'uuid';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { paymentsConfig, type PaymentsConfig } from '../src/payments.config.js';
import type { PaymentProvider, ProviderCharge } from '../src/providers/provider.js';
import { Providers } from '../src/providers/providers.js';
import { stripeProvider } from '../src/providers/stripe/stripe-client.js';
import { card, startPayments, type Payments } from './payments-under-test.js';
import { startStripeFake, type StripeFake } from '../src/providers/stripe/test/stripe-fake.js';

const MINUTE = 60_000;
const byOrder = (a: ProviderCharge, b: ProviderCharge) => a.orderId.localeCompare(b.orderId);
async function listedBy(provider: PaymentProvider, since = new Date(Date.now() - MINUTE)): Promise<ProviderCharge[]> {
  const charges: ProviderCharge[] = [];
  for await (const charge of provider.list(since)) charges.push(charge);
  return charges.sort(byOrder);
}

describe('the fake provider', () => {
  let payments: Payments;
  beforeAll(async () => {
    payments = await startPayments();
  });
  afterAll(() => payments.stop());

  test('lists what it charged, and what of it was given back', async () => {
    const provider = await payments.running.app.get(Providers, { strict: false }).of('fake');
    const orders = await Promise.all(
      ['tok_ok', 'tok_flaky', 'tok_declined'].map((token) => payments.charge(card(token))),
    );
    for (const { orderId } of orders) await payments.settled(orderId);
    const [plain, flaky] = orders.map(({ orderId }) => ({ orderId, chargeId: `fake_${orderId}`, amountCents: 1234 }));
    for (const [amountCents, sum] of [
      [200, 200],
      [34, 234],
    ] as const) {
      const refund = { orderId: plain!.orderId, idempotencyKey: uuidv7(), reason: 'broken', amountCents };
      await payments.rpc.call(paymentsRpc.requestRefund, refund);
      await payments.refunded(plain!.orderId, sum);
    }
    const charges = [
      { ...plain, refundedCents: 234 },
      { ...flaky, refundedCents: 0 },
    ] as ProviderCharge[];
    expect(await listedBy(provider)).toEqual(charges.sort(byOrder));
    expect(await listedBy(provider, new Date(Date.now() + MINUTE))).toEqual([]);
  });
});

describe('Stripe', () => {
  const LIST = 'GET /v1/payment_intents';
  let stripe: StripeFake;
  let provider: PaymentProvider;
  const charges: ProviderCharge[] = [];
  beforeAll(async () => {
    stripe = await startStripeFake();
    provider = stripeProvider(readConfigs([paymentsConfig], stripe.env).get(paymentsConfig.token) as PaymentsConfig);
    for (let i = 0; i < 230; i++) charges.push(await charged(i < 3 ? 34 : 0));
    charges.sort(byOrder);
    stripe.calls.splice(0);
  });
  afterEach(() => stripe.calls.splice(0));
  afterAll(() => stripe.stop());

  const charge = (orderId: string, token: string) =>
    provider.charge({ orderId, amountCents: 1234, currency: 'EUR', token, since: new Date() });
  async function charged(refundedCents: number): Promise<ProviderCharge> {
    const orderId = uuidv7();
    const result = await charge(orderId, 'pm_card_visa');
    if (result.status !== 'paid' || !result.chargeId) throw new Error('not charged');
    const { chargeId } = result;
    if (refundedCents > 0)
      await provider.refund({ refundId: uuidv7(), orderId, chargeId, amountCents: refundedCents, again: false });
    return { orderId, chargeId, amountCents: 1234, refundedCents };
  }

  test('lists what it charged, and what of it was given back, a hundred at a time', async () => {
    expect(await listedBy(provider)).toEqual(charges);
    expect(stripe.calls).toEqual([LIST, LIST, LIST]);
    expect(await listedBy(provider, new Date(Date.now() + 10 * MINUTE))).toEqual([]);
  });

  test('lists neither what was declined or cancelled nor what has nothing to do with an order', async () => {
    await charge(uuidv7(), 'tok_chargeDeclined');
    await charge(uuidv7(), 'pm_card_threeDSecure');
    await charge('order 7 of another shop', 'pm_card_visa');
    expect(await listedBy(provider)).toEqual(charges);
  });

  test('lists all of it though a page gets lost, and fails when it stays away', async () => {
    stripe.fault('after', LIST, 2);
    expect(await listedBy(provider)).toEqual(charges);
    await stripe.goAway();
    await expect(listedBy(provider)).rejects.toThrow();
    await stripe.comeBack();
  });
});
