import { PaymentProviderName } from '@shop/contracts/payments';
import { defineConfig, type ConfigOf } from '@shop/kit/config';
import * as z from 'zod';

export const gatewayConfig = defineConfig(
  {
    PUBLIC_URL: z
      .url({ protocol: /^https?$/ })
      .optional()
      .describe('Where visitors find the shop, when that is not what the Host header says; https makes cookies Secure'),
    STOREFRONT_DIR: z.string().optional().describe('The folder of the built storefront; else apps/storefront/dist'),
    ASSETS_URL: z
      .string()
      .regex(/^(https?:\/\/[\w.:[\]-]+)?(\/[\w.-]+)*$/, 'is the address of a folder, without a / at its end')
      .default('/assets')
      .describe(
        'What the addresses of the storefront’s files begin with: /assets of the gateway and the edge, or what serves a copy of it',
      ),
    MEDIA_URL: z
      .string()
      .default('/media')
      .describe('The start of all image URLs: /media of the gateway, or of a server with a copy of it'),
    RATE_LIMITS: z.enum(['on', 'off']).default('on').describe('off: for load tests'),
    PAYMENT_PROVIDER: PaymentProviderName.default('fake').describe('stripe: the checkout has the card form of Stripe'),
    STRIPE_PUBLISHABLE_KEY: z
      .string()
      .regex(/^pk_/, 'must be the key that everybody may see: pk_…')
      .optional()
      .describe('With PAYMENT_PROVIDER=stripe, which needs it: pk_…, for the card form'),
  },
  ({ PAYMENT_PROVIDER, STRIPE_PUBLISHABLE_KEY }) =>
    PAYMENT_PROVIDER === 'stripe' && STRIPE_PUBLISHABLE_KEY === undefined
      ? ['STRIPE_PUBLISHABLE_KEY: is needed with PAYMENT_PROVIDER=stripe']
      : [],
);
export type GatewayConfig = ConfigOf<typeof gatewayConfig>;
