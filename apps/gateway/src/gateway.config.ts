import { PaymentProviderName } from '@shop/contracts/payments';
import { defineConfig, type ConfigOf } from '@shop/kit/config';
import * as z from 'zod';

export const gatewayConfig = defineConfig(
  {
    PUBLIC_URL: z
      .url({ protocol: /^https?$/ })
      .optional()
      .describe('Public URL of the shop, when it differs from the Host header. With https, cookies are Secure'),
    STOREFRONT_DIR: z.string().optional().describe('Folder of the built storefront. Without it: apps/storefront/dist'),
    ASSETS_URL: z
      .string()
      .regex(/^(https?:\/\/[\w.:[\]-]+)?(\/[\w.-]+)*$/, 'must be the URL of a folder, without a trailing slash')
      .default('/assets')
      .describe('Base URL of the storefront’s files: /assets of the gateway and the edge, or a CDN with a copy of it'),
    MEDIA_URL: z
      .string()
      .default('/media')
      .describe('The start of all image URLs: /media of the gateway, or of a server with a copy of it'),
    RATE_LIMITS: z.enum(['on', 'off']).default('on').describe('off disables all rate limits, for load tests'),
    PAYMENT_PROVIDER: PaymentProviderName.default('fake').describe(
      'With stripe, the checkout shows Stripe’s card form',
    ),
    STRIPE_PUBLISHABLE_KEY: z
      .string()
      .regex(/^pk_/, 'must be the publishable key: pk_…')
      .optional()
      .describe('Publishable key (pk_…) for the card form. Needed with PAYMENT_PROVIDER=stripe'),
  },
  ({ PAYMENT_PROVIDER, STRIPE_PUBLISHABLE_KEY }) =>
    PAYMENT_PROVIDER === 'stripe' && STRIPE_PUBLISHABLE_KEY === undefined
      ? ['STRIPE_PUBLISHABLE_KEY: is needed with PAYMENT_PROVIDER=stripe']
      : [],
);
export type GatewayConfig = ConfigOf<typeof gatewayConfig>;
