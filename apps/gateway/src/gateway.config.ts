import { defineConfig, type ConfigOf } from '@shop/kit/config';
import * as z from 'zod';

export const gatewayConfig = defineConfig({
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
    .describe('What the addresses of pictures begin with: /media of the gateway, or what serves a copy of it'),
  RATE_LIMITS: z.enum(['on', 'off']).default('on').describe('off: for load tests'),
});
export type GatewayConfig = ConfigOf<typeof gatewayConfig>;
