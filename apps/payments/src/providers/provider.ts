// What a payment provider has to do for payments.
import type { DeclineReason } from '@shop/contracts/orders';
import type { DataSource } from 'typeorm';
import type { PaymentsConfig } from '../payments.config.js';

export interface CardCharge {
  /** Also the provider's idempotency key: an order is charged once. */
  orderId: string;
  amountCents: number;
  currency: string;
  /** The card, as the provider's own form gave it to the customer's browser. */
  token: string;
  /** When the payment was written down; nothing was charged before. */
  since: Date;
}

export type ChargeResult =
  /** `chargeId` is the provider's id of the charge; null when there was nothing to charge. */
  { status: 'paid'; chargeId: string | null } | { status: 'declined'; reason: DeclineReason };

export interface CardRefund {
  /** Also the provider's idempotency key: a refund is made once. */
  refundId: string;
  orderId: string;
  chargeId: string;
  amountCents: number;
  /** Whether the provider may have received it before. */
  again: boolean;
}

export type RefundResult =
  /** waiting: the provider has accepted it, and its outcome is open. */
  { status: 'refunded' } | { status: 'waiting' } | { status: 'failed'; failure: string };

/** A charge in the provider's own books. */
export interface ProviderCharge {
  orderId: string;
  /** As in a ChargeResult. */
  chargeId: string;
  amountCents: number;
  /** The sum that has been refunded so far. */
  refundedCents: number;
}

/** A message of a provider, as a webhook delivers it. */
export interface ProviderEvent {
  /** Unique at the provider: a message that comes again has the same id. */
  id: string;
  type: string;
  /** Undefined when the message is not about an order of this shop. */
  orderId: string | undefined;
  about: 'charge' | 'refund';
  /** Whether the message says that the card was charged. */
  charged: boolean;
}

/**
 * Every method ends within PAYMENT_LEASE_SECONDS and may be called again with the same charge at any time. A decline is a
 * result. ProviderUnreachable means that nothing was charged; after any other error the outcome is unknown.
 */
export interface PaymentProvider {
  /** The ledger has an account `provider:<name>`. */
  readonly name: string;
  /** Charges, or returns the earlier result when this order was charged before. */
  charge(charge: CardCharge): Promise<ChargeResult>;
  /** The result of charging this order; undefined as long as there is none. */
  find(charge: CardCharge): Promise<ChargeResult | undefined>;
  /** Ensures that this order is never charged from now on; returns the result when it had been charged or declined before. */
  cancel(charge: CardCharge): Promise<ChargeResult | undefined>;
  /** Makes a refund, or returns the earlier result when it was made before. */
  refund(refund: CardRefund): Promise<RefundResult>;
  /** The current state of a refund, which may fail days after it was made. Undefined when there is none. */
  findRefund(refund: CardRefund): Promise<RefundResult | undefined>;
  /** Every charge for an order since then, including those that payments does not know, for comparison with its books. */
  list(since: Date): AsyncIterable<ProviderCharge>;
  /** Reads a message of the provider. Throws AppError `forbidden` when its signature is wrong or too old. */
  readEvent?(body: string, signature: string): ProviderEvent;
}

/** How a provider is configured and created. */
export interface ProviderDefinition {
  /** The settings without which the provider cannot be used. */
  required: readonly (keyof PaymentsConfig)[];
  create(config: PaymentsConfig, db: DataSource): Promise<PaymentProvider>;
}

/** The provider certainly charged nothing: the request did not reach it, or was turned away unread. */
export class ProviderUnreachable extends Error {
  override readonly name: string = 'ProviderUnreachable';
}
