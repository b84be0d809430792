// What payments needs of whoever charges cards. One file per provider implements it.
import type { DeclineReason } from '@shop/contracts/orders';

export interface CardCharge {
  /** Also the provider's idempotency key: one order is charged once. */
  orderId: string;
  amountCents: number;
  currency: string;
  /** The card, as the provider's own form gave it to the customer's browser. */
  token: string;
  /** When payments first heard of it; nothing can have been charged before. */
  since: Date;
}

export type ChargeResult =
  /** `chargeId` is the provider's name of the charge; null when there was nothing to charge. */
  { status: 'paid'; chargeId: string | null } | { status: 'declined'; reason: DeclineReason };

export interface CardRefund {
  /** Also the provider's idempotency key: one refund is made once. */
  refundId: string;
  orderId: string;
  chargeId: string;
  amountCents: number;
  /** Whether the provider may have heard of it before. */
  again: boolean;
}

export type RefundResult =
  /** waiting: the provider has taken it, and does not know yet what becomes of it. */
  { status: 'refunded' } | { status: 'waiting' } | { status: 'failed'; failure: string };

/** A charge in the provider's own books. */
export interface ProviderCharge {
  orderId: string;
  /** As in a ChargeResult. */
  chargeId: string;
  amountCents: number;
  /** How much of it was given back by now. */
  refundedCents: number;
}

/** A message by which a provider tells something of itself. */
export interface ProviderEvent {
  /** Unique at the provider; the same message comes again under the same id. */
  id: string;
  type: string;
  /** What it says it is about; undefined when that is nothing of this shop's. */
  orderId: string | undefined;
  about: 'charge' | 'refund';
  /** It says that the card was charged. */
  charged: boolean;
}

/**
 * Every method ends within PAYMENT_LEASE_SECONDS and may be called again with the same charge at any time. A decline
 * is a result. ProviderUnreachable means that nothing was charged; after any other error it is not known.
 */
export interface PaymentProvider {
  /** For the books: the ledger has an account of this name. */
  readonly name: string;
  /** Charges, or answers what came of it when this order was charged before. */
  charge(charge: CardCharge): Promise<ChargeResult>;
  /** What came of charging this order; undefined as long as nothing did. */
  find(charge: CardCharge): Promise<ChargeResult | undefined>;
  /** Makes sure that this order is never charged from now on; answers the result when it came too late. */
  cancel(charge: CardCharge): Promise<ChargeResult | undefined>;
  /** Gives money back, or answers what came of it when this refund was made before. */
  refund(refund: CardRefund): Promise<RefundResult>;
  /** How a refund stands: one that was made may fail days later. Undefined when there is none. */
  findRefund(refund: CardRefund): Promise<RefundResult | undefined>;
  /** Every charge for an order since then, also such as payments knows nothing of; to be compared with its own books. */
  list(since: Date): AsyncIterable<ProviderCharge>;
  /** Reads a message of the provider's. An AppError `forbidden` when it is from somebody else, or old. */
  readEvent?(body: string, signature: string): ProviderEvent;
}

/** The provider certainly charged nothing: the request never reached it, or was not looked at. */
export class ProviderUnreachable extends Error {
  override readonly name: string = 'ProviderUnreachable';
}
