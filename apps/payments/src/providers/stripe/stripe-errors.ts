// What Stripe's errors mean for a payment.
import { Stripe } from 'stripe';
import { ProviderUnreachable, type ChargeResult } from '../provider.js';

const { errors } = Stripe;

/** Codes of requests whose card or amount can never be charged. */
const unchargeable = new Set([
  'resource_missing',
  'token_already_used',
  'token_in_use',
  'amount_too_small',
  'amount_too_large',
]);

export function declined(code: string | undefined): ChargeResult {
  const reason = code === 'authentication_required' ? code : 'card_declined';
  return { status: 'declined', reason };
}

/** The decline that an error stands for; undefined for all other errors. */
export function declineOf(error: unknown): ChargeResult | undefined {
  if (error instanceof errors.StripeCardError)
    return declined(error.decline_code === 'authentication_required' ? error.decline_code : error.code);
  if (!(error instanceof errors.StripeInvalidRequestError)) return undefined;
  const aboutCard = unchargeable.has(error.code ?? '') || /card|token|payment_method$/.test(error.param ?? '');
  return aboutCard ? declined(undefined) : undefined;
}

/**
 * Whether a retry under this key cannot give another answer: Stripe repeats its own failures too, and refuses a key that was
 * used for another request. (A 409 is different: the first request is still in progress.)
 */
export function isRemembered(error: unknown): boolean {
  if (error instanceof errors.StripeIdempotencyError) return error.statusCode === 400;
  if (!(error instanceof errors.StripeAPIError)) return false;
  return (error.statusCode ?? 0) >= 500 && error.headers?.['idempotent-replayed'] === 'true';
}

/** A ProviderUnreachable when the error proves that the request had no effect. */
export function toUnreachable(error: unknown): ProviderUnreachable | undefined {
  if (error instanceof errors.StripeConnectionError)
    return error.detail instanceof ProviderUnreachable ? error.detail : undefined;
  const turnedAway =
    error instanceof errors.StripeRateLimitError ||
    error instanceof errors.StripeAuthenticationError ||
    error instanceof errors.StripePermissionError;
  return turnedAway ? new ProviderUnreachable(error.message, { cause: error }) : undefined;
}
