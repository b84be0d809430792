// Stripe's SDK as payments needs it: patient in the database, not in a request.
import { Stripe } from 'stripe';
import type { PaymentsConfig } from '../../payments.config.js';
import { ProviderUnreachable } from '../provider.js';
import { StripeProvider } from './stripe-provider.js';

/** Of a connection that never came about: not a byte of the request was sent. */
const neverConnected = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH']);

/** Calls that one attempt may make one after the other. */
const CALLS = 4;

export function stripeProvider(config: PaymentsConfig): StripeProvider {
  return new StripeProvider(stripeClient(config), config.STRIPE_WEBHOOK_SECRET!);
}

export function stripeClient({ STRIPE_SECRET_KEY, STRIPE_API_URL, PAYMENT_LEASE_SECONDS }: PaymentsConfig): Stripe {
  const { protocol, hostname, port } = new URL(STRIPE_API_URL);
  return new Stripe(STRIPE_SECRET_KEY!, {
    protocol: protocol === 'http:' ? 'http' : 'https',
    host: hostname,
    ...(port && { port }),
    httpClient: askingOnce(Stripe.createNodeHttpClient()),
    maxNetworkRetries: 0,
    timeout: (PAYMENT_LEASE_SECONDS * 1000) / CALLS,
    telemetry: false,
  });
}

/** The SDK repeats a request whose connection broke, retries or not, and would then tell the second failure only. */
function askingOnce(client: Stripe.HttpClient): Stripe.HttpClient {
  return {
    getClientName: () => client.getClientName(),
    makeRequest: (...request) =>
      client.makeRequest(...request).catch((error: Error & { code?: string }) => {
        const Kind = neverConnected.has(error.code ?? '') ? ProviderUnreachable : Error;
        throw new Kind(error.message, { cause: error });
      }),
  };
}
