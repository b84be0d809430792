import { readConfigs } from '@shop/kit/config';
import { v7 as uuidv7 } from 'uuid';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { byOrder, chargesListedBy } from '../../../../test/payments-under-test.js';
import { paymentsConfig, type PaymentsConfig } from '../../../payments.config.js';
import type { PaymentProvider, ProviderCharge } from '../../provider.js';
import { createStripeProvider } from '../stripe-client.js';
import { startStripeFake, type StripeFake } from './stripe-fake.js';

const LIST = 'GET /v1/payment_intents';
let stripe: StripeFake;
let provider: PaymentProvider;
const charges: ProviderCharge[] = [];
beforeAll(async () => {
  stripe = await startStripeFake();
  provider = createStripeProvider(
    readConfigs([paymentsConfig], stripe.env).get(paymentsConfig.token) as PaymentsConfig,
  );
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

test('Stripe lists its charges and how much of each was refunded, a hundred a page', async () => {
  expect(await chargesListedBy(provider)).toEqual(charges);
  expect(stripe.calls).toEqual([LIST, LIST, LIST]);
  expect(await chargesListedBy(provider, new Date(Date.now() + 600_000))).toEqual([]);
});

test('Stripe lists neither declined and cancelled charges nor charges without an order', async () => {
  await charge(uuidv7(), 'tok_chargeDeclined');
  await charge(uuidv7(), 'pm_card_threeDSecure');
  await charge('order 7 of another shop', 'pm_card_visa');
  expect(await chargesListedBy(provider)).toEqual(charges);
});

test('Stripe lists all charges although a page is lost, and the list fails while Stripe is unavailable', async () => {
  stripe.fault('after', LIST, 2);
  expect(await chargesListedBy(provider)).toEqual(charges);
  await stripe.goAway();
  await expect(chargesListedBy(provider)).rejects.toThrow();
  await stripe.comeBack();
});
