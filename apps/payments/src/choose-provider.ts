// The payment provider that is configured.
import type { DataSource } from 'typeorm';
import { FakeProvider } from './fake-provider.js';
import type { PaymentsConfig } from './payments.config.js';
import type { PaymentProvider } from './provider.js';

export async function chooseProvider(config: PaymentsConfig, db: DataSource): Promise<PaymentProvider> {
  if (config.PAYMENT_PROVIDER === 'fake') return new FakeProvider(db);
  // Stripe's SDK takes 20 MB, which a process that does without should not pay.
  return (await import('./stripe-client.js')).stripeProvider(config);
}
