// Charges cards through Stripe's PaymentIntents, created and confirmed in one call, off session.
import { Id } from '@shop/contracts/values';
import { AppError } from '@shop/rpc/errors';
import { Stripe } from 'stripe';
import type { CardCharge, CardRefund, ChargeResult, PaymentProvider } from '../provider.js';
import type { ProviderCharge, ProviderEvent, RefundResult } from '../provider.js';
import { toUnreachable, declineOf, declined, isRemembered } from './stripe-errors.js';

/** Stripe remembers idempotency keys for 24 hours. */
const KEY_TTL_MS = 23 * 3600_000;

/** Stripe's clock may be this far behind ours. */
const CLOCK_SKEW_SECONDS = 300;

/** Reads may be retried at once: one lost page should not fail a long list. */
const LISTING_RETRIES = 3;

export class StripeProvider implements PaymentProvider {
  readonly name = 'stripe';

  constructor(
    private readonly stripe: Stripe,
    private readonly webhookSecret: string,
  ) {}

  async charge(charge: CardCharge): Promise<ChargeResult> {
    const result = await this.find(charge);
    if (!result) throw new Error('Stripe repeats its failure under this key, and charged nothing');
    return result;
  }

  /**
   * Asks by repeating the request: under the same idempotency key Stripe returns the result of the first one, and acts only if
   * it received none. Its search is no alternative, because it lags by up to a minute.
   */
  async find(charge: CardCharge): Promise<ChargeResult | undefined> {
    let intent: Stripe.PaymentIntent;
    try {
      intent = await this.request(charge);
    } catch (error) {
      const decline = declineOf(error);
      if (decline) return decline;
      if (isRemembered(error)) return this.findInList(charge);
      throw toUnreachable(error) ?? error;
    }
    return this.resultOf(intent);
  }

  /** Uses the key for an intent without a card, so that no request of ours that is still on its way can charge. */
  async cancel(charge: CardCharge): Promise<ChargeResult | undefined> {
    try {
      const unused = await this.stripe.paymentIntents.create(intentOf(charge), { idempotencyKey: keyOf(charge) });
      await this.end(unused.id);
    } catch (error) {
      if (isRemembered(error)) return this.find(charge); // An earlier request has used the key.
      throw error;
    }
    const mayHaveForgotten = Date.now() - charge.since.getTime() > KEY_TTL_MS;
    return mayHaveForgotten ? this.findInList(charge) : undefined;
  }

  async refund(refund: CardRefund): Promise<RefundResult> {
    const { refundId, orderId, chargeId, amountCents, again } = refund;
    try {
      // Stripe may have forgotten the key by now.
      const made = again ? await this.findRefund(refund) : undefined;
      if (made) return made;
      const created = await this.stripe.refunds.create(
        { payment_intent: chargeId, amount: amountCents, metadata: { orderId, refundId } },
        { idempotencyKey: `refund:${refundId}` },
      );
      return toRefundResult(created);
    } catch (error) {
      if (error instanceof Stripe.errors.StripeInvalidRequestError)
        return { status: 'failed', failure: error.code ?? error.message };
      throw toUnreachable(error) ?? error;
    }
  }

  async findRefund({ refundId, chargeId }: CardRefund): Promise<RefundResult | undefined> {
    for await (const refund of this.stripe.refunds.list({ payment_intent: chargeId, limit: 100 }))
      if (refund.metadata?.['refundId'] === refundId) return toRefundResult(refund);
    return undefined;
  }

  /** Leaves out intents without an order's id: they are other business of the same Stripe account. */
  async *list(since: Date): AsyncGenerator<ProviderCharge> {
    for await (const { id, metadata, amount_received, latest_charge } of this.intentsSince(since, LISTING_RETRIES)) {
      const orderId = Id.safeParse(metadata['orderId']).data;
      const refundedCents = (latest_charge as Stripe.Charge | null)?.amount_refunded ?? 0;
      if (orderId && amount_received > 0) yield { orderId, chargeId: id, amountCents: amount_received, refundedCents };
    }
  }

  readEvent(body: string, signature: string): ProviderEvent {
    try {
      const { id, type, data } = this.stripe.webhooks.constructEvent(body, signature, this.webhookSecret);
      const { object, metadata } = data.object as { object: string; metadata?: Record<string, string> | null };
      return {
        id,
        type,
        about: object === 'refund' ? 'refund' : 'charge',
        charged: type === 'payment_intent.succeeded',
        orderId: Id.safeParse(metadata?.['orderId']).data,
      };
    } catch (error) {
      if (error instanceof Stripe.errors.StripeSignatureVerificationError)
        throw new AppError('forbidden', 'The signature is wrong, or too old.');
      throw new AppError('invalid_request', 'The body is not an event of Stripe.');
    }
  }

  private async request(charge: CardCharge): Promise<Stripe.PaymentIntent> {
    const payment_method = await this.paymentMethodOf(charge);
    return this.stripe.paymentIntents.create(
      { ...intentOf(charge), payment_method, confirm: true, off_session: true },
      { idempotencyKey: keyOf(charge) },
    );
  }

  /** Stripe's newer forms give a payment method; its older ones give a token, of which a payment method is made. */
  private async paymentMethodOf({ orderId, token }: CardCharge): Promise<string> {
    if (!token.startsWith('tok_')) return token;
    const idempotencyKey = `card:${orderId}`;
    return (await this.stripe.paymentMethods.create({ type: 'card', card: { token } }, { idempotencyKey })).id;
  }

  /** Undefined for an intent without an attempt to pay it, and for a cancelled one. */
  private async resultOf(answered: Stripe.PaymentIntent): Promise<ChargeResult | undefined> {
    // The answer to a repeated request may be out of date.
    const isOpen = answered.status === 'processing';
    const intent = isOpen ? await this.stripe.paymentIntents.retrieve(answered.id) : answered;
    switch (intent.status) {
      case 'succeeded':
        return { status: 'paid', chargeId: intent.id };
      case 'requires_action': {
        // The customer is not present to authenticate.
        const { status } = await this.end(intent.id);
        return status === 'succeeded' ? { status: 'paid', chargeId: intent.id } : declined('authentication_required');
      }
      case 'requires_payment_method':
        return intent.last_payment_error ? declined(intent.last_payment_error.code) : undefined;
      case 'canceled':
        return undefined;
      default:
        throw new Error(`Stripe's intent ${intent.id} is ${intent.status}`);
    }
  }

  /** Cancels an intent and returns its final state, which may be another one when staff used Stripe's dashboard. */
  private async end(id: string): Promise<Stripe.PaymentIntent> {
    try {
      return await this.stripe.paymentIntents.cancel(id, {}, { idempotencyKey: `cancel:${id}` });
    } catch (error) {
      if ((error as { code?: string }).code !== 'payment_intent_unexpected_state') throw error;
      return this.stripe.paymentIntents.retrieve(id);
    }
  }

  /** Looks through all intents since then, for the few cases in which no key has the answer. */
  private async findInList({ orderId, since }: CardCharge): Promise<ChargeResult | undefined> {
    for await (const intent of this.intentsSince(since)) {
      const result = intent.metadata['orderId'] === orderId ? await this.resultOf(intent) : undefined;
      if (result) return result;
    }
    return undefined;
  }

  /** Newest first, with their charges, a page at a time. */
  private intentsSince(since: Date, maxNetworkRetries = 0): AsyncIterable<Stripe.PaymentIntent> {
    const gte = Math.floor(since.getTime() / 1000) - CLOCK_SKEW_SECONDS;
    const expand = ['data.latest_charge'];
    return this.stripe.paymentIntents.list({ created: { gte }, limit: 100, expand }, { maxNetworkRetries });
  }
}

/** The outcome of `pending` and `requires_action` is open. */
function toRefundResult({ status, failure_reason: reason }: Stripe.Refund): RefundResult {
  if (status === 'failed' || status === 'canceled') return { status: 'failed', failure: reason ?? status };
  return { status: status === 'succeeded' ? 'refunded' : 'waiting' };
}

function keyOf({ orderId }: CardCharge): string {
  return `charge:${orderId}`;
}

function intentOf({ orderId, amountCents, currency }: CardCharge) {
  return {
    amount: amountCents,
    currency: currency.toLowerCase(),
    payment_method_types: ['card'],
    metadata: { orderId },
  };
}
