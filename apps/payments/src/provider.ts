// What payments needs of whoever charges cards. One file per provider implements it.
import type { DeclineReason } from '@shop/contracts/orders';

export interface CardCharge {
  /** Also the provider's idempotency key: one order is charged once. */
  orderId: string;
  amountCents: number;
  currency: string;
  /** The card, as the provider's own form gave it to the customer's browser. */
  token: string;
}

export type ChargeResult =
  /** `chargeId` is the provider's name of the charge; null when there was nothing to charge. */
  { status: 'paid'; chargeId: string | null } | { status: 'declined'; reason: DeclineReason };

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
}

export const PAYMENT_PROVIDER = Symbol('PAYMENT_PROVIDER');

/** The request certainly never reached the provider. */
export class ProviderUnreachable extends Error {
  override readonly name = 'ProviderUnreachable';
}
