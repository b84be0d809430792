// Every payment provider that payments can use. Each one lives in a folder of its own.
import type { PaymentProviderName } from '@shop/contracts/payments';
import { fake } from './fake/fake.js';
import type { ProviderDefinition } from './provider.js';
import { stripe, stripeSettings } from './stripe/stripe.js';

export const providerTable: Record<PaymentProviderName, ProviderDefinition> = { fake, stripe };

/** The configuration variables of all providers. */
export const providerSettings = { ...stripeSettings };
