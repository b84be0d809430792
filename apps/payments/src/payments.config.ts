import { defineConfig, type ConfigOf } from '@shop/kit/config';
import { processEnv } from '@shop/kit/kit.config';
import * as z from 'zod';

const Provider = z.enum(['fake', 'stripe'], { error: 'must name who charges cards: fake or stripe' });
export type ProviderName = z.infer<typeof Provider>;

const Seconds = z.coerce.number().min(0.1);

export const paymentsConfig = defineConfig(
  {
    PAYMENTS_DATABASE_URL: z
      .url()
      .default('postgres://payments@127.0.0.1:5432/payments')
      .describe('A database of its own'),
    PAYMENT_PROVIDER: (processEnv.NODE_ENV === 'production' ? Provider : Provider.default('fake')).describe(
      'Who takes new charges of cards; fake takes no money, and production uses it only when told to',
    ),
    STRIPE_SECRET_KEY: z
      .string()
      .optional()
      .describe('For PAYMENT_PROVIDER=stripe, and for charges that Stripe took before it was changed'),
    STRIPE_WEBHOOK_SECRET: z
      .string()
      .optional()
      .describe('With STRIPE_SECRET_KEY: signs what comes to /api/payments/stripe/events'),
    STRIPE_API_URL: z
      .url({ protocol: /^https?$/ })
      .default('https://api.stripe.com')
      .describe('Another address for doubles of Stripe'),
    PAYMENTS_IN_FLIGHT: z.coerce
      .number()
      .int()
      .min(10)
      .default(250)
      .describe('How many charges a process has under way at a time, per payment provider; store credit counts as one'),
    PAYMENT_GIVE_UP_SECONDS: Seconds.max(23 * 3600)
      .default(900)
      .describe(
        'How long a payment provider that is away is waited for; Stripe remembers a payment by its key for a day',
      ),
    REFUND_GIVE_UP_SECONDS: Seconds.default(2 * 86_400).describe(
      'How long a refund is tried that the payment provider does not make; Stripe may keep to a failure of its own for a day',
    ),
    REFUND_WATCH_SECONDS: Seconds.default(30 * 86_400).describe(
      'How long the payment provider is asked whether a refund that it made has failed since',
    ),
    PAYMENT_LEASE_SECONDS: Seconds.default(30).describe(
      'After how long the charge of a process that died is taken up by another; longer than a provider may take to answer',
    ),
    PAYMENTS_SWEEP_SECONDS: Seconds.max(30)
      .default(1)
      .describe('How often charges to be tried again are looked for, and refunds to be made'),
    SEED: z.enum(['demo', 'none']).default('none').describe('demo: 100.00 of store credit for the demo customer'),
  },
  (config) =>
    missingSettings(config, config.PAYMENT_PROVIDER).map(
      (name) => `${name}: is needed with PAYMENT_PROVIDER=${config.PAYMENT_PROVIDER}`,
    ),
);
export type PaymentsConfig = ConfigOf<typeof paymentsConfig>;

const needed = {
  fake: [],
  stripe: ['STRIPE_SECRET_KEY', 'STRIPE_WEBHOOK_SECRET'],
} as const satisfies Record<ProviderName, readonly string[]>;
type Settings = Partial<Record<(typeof needed)[ProviderName][number], string | undefined>>;

/** The settings that a provider needs and that are not there. */
export function missingSettings(config: Settings, provider: ProviderName): string[] {
  return needed[provider].filter((name) => !config[name]);
}
