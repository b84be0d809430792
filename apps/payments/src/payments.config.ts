import { PaymentProviderName } from '@shop/contracts/payments';
import { defineConfig, type ConfigOf } from '@shop/kit/config';
import { processEnv } from '@shop/kit/kit.config';
import * as z from 'zod';
import { providerSettings, providerTable } from './providers/provider-table.js';

const Seconds = z.coerce.number().min(0.1);

export const paymentsConfig = defineConfig(
  {
    PAYMENTS_DATABASE_URL: z
      .url()
      .default('postgres://payments@127.0.0.1:5432/payments')
      .describe('A database of its own'),
    PAYMENT_PROVIDER: (processEnv.NODE_ENV === 'production'
      ? PaymentProviderName
      : PaymentProviderName.default('fake')
    ).describe(
      'Which provider charges cards from now on; fake moves no money, and has to be chosen explicitly in production',
    ),
    ...providerSettings,
    PAYMENTS_IN_FLIGHT: z.coerce
      .number()
      .int()
      .min(10)
      .default(250)
      .describe(
        'Limit of charges that a process has under way per payment provider; store credit counts as a provider',
      ),
    PAYMENT_GIVE_UP_SECONDS: Seconds.max(23 * 3600)
      .default(900)
      .describe(
        'After how long an order is rejected while its payment provider cannot be reached; less than the day for which providers remember an idempotency key',
      ),
    REFUND_GIVE_UP_SECONDS: Seconds.default(2 * 86_400).describe(
      'After how long a refund fails that the payment provider does not make; providers may repeat an error for a day',
    ),
    REFUND_WATCH_SECONDS: Seconds.default(30 * 86_400).describe(
      'How long the payment provider is asked whether a refund that it made has failed since',
    ),
    PAYMENT_LEASE_SECONDS: Seconds.default(30).describe(
      'After how long another process continues the charge of a process that died; longer than a provider may take to answer',
    ),
    PAYMENTS_SWEEP_SECONDS: Seconds.max(30)
      .default(1)
      .describe('Interval of the sweeps that retry charges and make refunds'),
    SEED: z.enum(['demo', 'none']).default('none').describe('demo: 100.00 of store credit for the demo customer'),
  },
  (config) =>
    missingSettings(config, config.PAYMENT_PROVIDER).map(
      (name) => `${name}: is needed with PAYMENT_PROVIDER=${config.PAYMENT_PROVIDER}`,
    ),
);
export type PaymentsConfig = ConfigOf<typeof paymentsConfig>;

/** The required settings of a provider that are not set. */
export function missingSettings(config: Record<string, unknown>, provider: PaymentProviderName): string[] {
  return providerTable[provider].required.filter((name) => !config[name]);
}
