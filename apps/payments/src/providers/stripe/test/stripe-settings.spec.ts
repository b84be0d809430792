import { readConfigs } from '@shop/kit/config';
import { expect, test } from 'vitest';
import { paymentsConfig } from '../../../payments.config.js';

const read = (env: Record<string, string>) => readConfigs([paymentsConfig], env).get(paymentsConfig.token);

test('Stripe needs its keys, and the start names the missing ones', () => {
  const env = { PAYMENT_PROVIDER: 'stripe', STRIPE_SECRET_KEY: 'sk' };
  expect(() => read({ PAYMENT_PROVIDER: 'stripe' })).toThrow('STRIPE_SECRET_KEY: is needed');
  expect(() => read(env)).toThrow(
    'The configuration is not valid:\n  - STRIPE_WEBHOOK_SECRET: is needed with PAYMENT_PROVIDER=stripe',
  );
  expect(read({ ...env, STRIPE_WEBHOOK_SECRET: 'whsec' })).toMatchObject({ PAYMENT_PROVIDER: 'stripe' });
});
