// Stripe's SDK without retries of its own: payments retries from the database.
import { Stripe } from 'stripe';
import type { PaymentsConfig } from '../../payments.config.js';
import { ProviderUnreachable } from '../provider.js';
import { StripeProvider } from './stripe-provider.js';

/** Errors of connections that were never made, so that no byte of the request was sent. */
const neverConnected = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH']);

/** Limit of calls that an attempt makes one after the other. */
const MAX_CALLS = 4;

export function createStripeProvider(config: PaymentsConfig): StripeProvider {
  return new StripeProvider(stripeClient(config), config.STRIPE_WEBHOOK_SECRET!);
}

export function stripeClient({ STRIPE_SECRET_KEY, STRIPE_API_URL, PAYMENT_LEASE_SECONDS }: PaymentsConfig): Stripe {
  const { protocol, hostname, port } = new URL(STRIPE_API_URL);
  return new Stripe(STRIPE_SECRET_KEY!, {
    protocol: protocol === 'http:' ? 'http' : 'https',
    host: hostname,
    ...(port && { port }),
    httpClient: withoutRetry(Stripe.createNodeHttpClient()),
    maxNetworkRetries: 0,
    timeout: (PAYMENT_LEASE_SECONDS * 1000) / MAX_CALLS,
    telemetry: false,
  });
}

/** The SDK repeats a request whose connection broke even with retries off, and reports only the second failure. */
function withoutRetry(client: Stripe.HttpClient): Stripe.HttpClient {
  return {
    getClientName: () => client.getClientName(),
    makeRequest: (...request) =>
      client.makeRequest(...request).catch((error: Error & { code?: string }) => {
        const Kind = neverConnected.has(error.code ?? '') ? ProviderUnreachable : Error;
        throw new Kind(error.message, { cause: error });
      }),
  };
}
