import { defineConfig, type ConfigOf } from '@shop/kit/config';
import { processEnv } from '@shop/kit/kit.config';
import * as z from 'zod';

const Provider = z.enum(['fake'], { error: 'must name who charges cards: fake' });
const Seconds = z.coerce.number().min(0.1);

export const paymentsConfig = defineConfig({
  PAYMENTS_DATABASE_URL: z
    .url()
    .default('postgres://payments@127.0.0.1:5432/payments')
    .describe('A database of its own'),
  PAYMENT_PROVIDER: (processEnv.NODE_ENV === 'production' ? Provider : Provider.default('fake')).describe(
    'Who charges cards; fake takes no money, and production uses it only when told to',
  ),
  PAYMENT_GIVE_UP_SECONDS: Seconds.default(900).describe('How long a payment provider that is away is waited for'),
  PAYMENT_LEASE_SECONDS: Seconds.default(30).describe(
    'After how long the charge of a process that died is taken up by another; longer than a provider may take to answer',
  ),
  PAYMENTS_SWEEP_SECONDS: Seconds.max(30).default(1).describe('How often charges to be tried again are looked for'),
  SEED: z.enum(['demo', 'none']).default('none').describe('demo: 100.00 of store credit for the demo customer'),
});
export type PaymentsConfig = ConfigOf<typeof paymentsConfig>;
