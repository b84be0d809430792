// How Stripe is configured and created.
import * as z from 'zod';
import type { ProviderDefinition } from '../provider.js';

/** Optional or with a default, because another provider may be in use. */
export const stripeSettings = {
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
    .describe('Another address, for a fake of Stripe'),
};

export const stripe: ProviderDefinition = {
  required: ['STRIPE_SECRET_KEY', 'STRIPE_WEBHOOK_SECRET'],
  // Stripe's SDK takes 20 MB of memory, so only processes that use it load it.
  create: async (config) => (await import('./stripe-client.js')).createStripeProvider(config),
};
