// What Stripe's errors mean for a payment.
import { Stripe } from 'stripe';
import { ProviderUnreachable, type ChargeResult } from '../provider.js';

const { errors } = Stripe;

/** A request that names no usable card, or an amount that no card is charged with. */
const hopeless = new Set([
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

/** The decline that an error tells of; undefined when it tells of something else. */
export function declineOf(error: unknown): ChargeResult | undefined {
  if (error instanceof errors.StripeCardError)
    return declined(error.decline_code === 'authentication_required' ? error.decline_code : error.code);
  if (!(error instanceof errors.StripeInvalidRequestError)) return undefined;
  const aboutCard = hopeless.has(error.code ?? '') || /card|token|payment_method$/.test(error.param ?? '');
  return aboutCard ? declined(undefined) : undefined;
}

/**
 * Whether asking again under this key could answer nothing else: Stripe remembers its own failures too, and refuses a
 * key that has served for another request. (409 is another thing: the first request is still being worked on.)
 */
export function isRemembered(error: unknown): boolean {
  if (error instanceof errors.StripeIdempotencyError) return error.statusCode === 400;
  if (!(error instanceof errors.StripeAPIError)) return false;
  return (error.statusCode ?? 0) >= 500 && error.headers?.['idempotent-replayed'] === 'true';
}

/** A ProviderUnreachable for an error after which it is certain that the request did nothing. */
export function certainlyNothing(error: unknown): ProviderUnreachable | undefined {
  if (error instanceof errors.StripeConnectionError)
    return error.detail instanceof ProviderUnreachable ? error.detail : undefined;
  const turnedAway =
    error instanceof errors.StripeRateLimitError ||
    error instanceof errors.StripeAuthenticationError ||
    error instanceof errors.StripePermissionError;
  return turnedAway ? new ProviderUnreachable(error.message, { cause: error }) : undefined;
}
