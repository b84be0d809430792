import { readConfigs } from '@shop/kit/config';
import { Stripe } from 'stripe';
import { v7 as uuidv7 } from 'uuid';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { paymentsConfig, type PaymentsConfig } from '../../../payments.config.js';
import { stripeClient } from '../stripe-client.js';
import { StripeProvider } from '../stripe-provider.js';
import { findStripeMock, startStripeMock } from './stripe-mock.js';

const mock = findStripeMock();
if ('missing' in mock) console.warn(`Skipped: the shape of calls to Stripe is not checked, because ${mock.missing}.`);

describe.skipIf('missing' in mock)('stripe-mock accepts', () => {
  let running: Awaited<ReturnType<typeof startStripeMock>>;
  let stripe: Stripe;
  let provider: StripeProvider;
  const answers: string[] = [];
  beforeAll(async () => {
    running = await startStripeMock((mock as { binary: string }).binary);
    const env = { PAYMENT_PROVIDER: 'stripe', STRIPE_SECRET_KEY: 'sk_test_mock', STRIPE_WEBHOOK_SECRET: 'whsec' };
    const configs = readConfigs([paymentsConfig], { ...env, STRIPE_API_URL: running.url });
    stripe = stripeClient(configs.get(paymentsConfig.token) as PaymentsConfig);
    stripe.on('response', ({ method, path, status }: Stripe.ResponseEvent) => {
      answers.push(`${method} ${path.replace(/(pi|re)_\w+/, ':id').replace(/\?.*/, '')} ${status}`);
    });
    provider = new StripeProvider(stripe, 'whsec');
  });
  afterAll(() => running.stop());

  const charge = (token: string, since = new Date()) => ({
    orderId: uuidv7(),
    amountCents: 1234,
    currency: 'EUR',
    token,
    since,
  });
  /** The calls that `work` made, with their status. The content of the mock's answers is made up. */
  const asked = async (work: () => Promise<unknown>) => {
    answers.splice(0);
    await work().catch((error: unknown) => {
      if (error instanceof Stripe.errors.StripeError) throw error;
    });
    return [...answers];
  };

  test('a charge by token, and by payment method', async () => {
    expect(await asked(() => provider.charge(charge('tok_visa')))).toEqual([
      'POST /v1/payment_methods 200',
      'POST /v1/payment_intents 200',
    ]);
    expect(await asked(() => provider.charge(charge('pm_card_visa')))).toEqual(['POST /v1/payment_intents 200']);
  });

  test('giving up, and looking through the list when the key is too old', async () => {
    expect(await asked(() => provider.cancel(charge('pm_card_visa', new Date(0))))).toEqual([
      'POST /v1/payment_intents 200',
      'POST /v1/payment_intents/:id/cancel 200',
      'GET /v1/payment_intents 200',
    ]);
  });

  test('listing what was charged', async () => {
    expect(await asked(() => provider.list(new Date(0)).next())).toEqual(['GET /v1/payment_intents 200']);
  });

  test('looking at an intent', async () => {
    expect(await asked(() => stripe.paymentIntents.retrieve('pi_1'))).toEqual(['GET /v1/payment_intents/:id 200']);
  });

  test('a refund, and asking for it again', async () => {
    const refund = { refundId: uuidv7(), orderId: uuidv7(), chargeId: 'pi_1', amountCents: 5 };
    expect(await asked(() => provider.refund({ ...refund, again: true }))).toEqual([
      'GET /v1/refunds 200',
      'POST /v1/refunds 200',
    ]);
  });

  test('nothing else: a parameter that does not exist is refused', async () => {
    const create = stripe.paymentIntents.create({ amount: 1, currency: 'eur', confirmed: true } as never);
    await expect(create).rejects.toThrow('additional properties');
  });
});
