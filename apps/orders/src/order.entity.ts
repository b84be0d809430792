import type { LineRequest, PricedLine } from '@shop/contracts/catalog';
import { CURRENCY } from '@shop/contracts/currency';
import type { Order, OrderStatus, PaymentMethod, RejectReason, ShippingAddress } from '@shop/contracts/orders';
import type { Currency } from '@shop/contracts/values';
import { Column, Entity, PrimaryColumn } from 'typeorm';

/** Postgres returns a bigint as text; amounts stay far below 2^53. */
const cents = {
  to: (value: number | null) => value,
  from: (value: string | null) => (value === null ? null : Number(value)),
};

/** Null in rows of an earlier version, which relied on a default of the column. */
const currency = {
  to: (value: Currency) => value,
  from: (value: Currency | null) => value ?? CURRENCY,
};

@Entity('orders')
export class OrderEntity {
  @PrimaryColumn('uuid')
  id!: string;

  @Column('uuid', { name: 'customer_id' })
  customerId!: string;

  /** Unique per customer. */
  @Column('text', { name: 'idempotency_key' })
  idempotencyKey!: string;

  @Column('text', { name: 'body_hash' })
  bodyHash!: string;

  @Column('text')
  status!: OrderStatus;

  @Column('text', { nullable: true })
  reason!: RejectReason | null;

  /** The request; `lines` are the result, with the catalog's names and prices of that moment. */
  @Column('jsonb')
  requested!: LineRequest[];

  @Column('bigint', { name: 'expected_total_cents', nullable: true, transformer: cents })
  expectedTotalCents!: number | null;

  @Column('jsonb')
  lines!: PricedLine[];

  @Column('bigint', { name: 'total_cents', transformer: cents })
  totalCents!: number;

  @Column('bigint', { name: 'refunded_cents', transformer: cents })
  refundedCents!: number;

  @Column('text', { transformer: currency })
  currency!: Currency;

  /** The products that an order rejected as out of stock could not get. */
  @Column('uuid', { name: 'short_product_ids', array: true, nullable: true })
  shortProductIds!: string[] | null;

  @Column('jsonb')
  payment!: PaymentMethod;

  @Column('jsonb', { name: 'shipping_address', nullable: true })
  shippingAddress!: ShippingAddress | null;

  @Column('text', { name: 'cart_version', nullable: true })
  cartVersion!: string | null;

  /**
   * The id of the order that another key made of the same cart. Such a row is not an order but the answer to its key:
   * rejected and never listed.
   */
  @Column('uuid', { name: 'already_ordered_as', nullable: true })
  alreadyOrderedAs!: string | null;

  @Column('timestamptz', { name: 'created_at' })
  createdAt!: Date;

  /** When the client of a `new` order last retried. */
  @Column('timestamptz', { name: 'renewed_at', nullable: true })
  renewedAt!: Date | null;

  /** When the sweep checks the order next; null once it is settled. */
  @Column('timestamptz', { name: 'next_sweep_at', nullable: true, select: false })
  nextSweepAt?: Date | null;

  /** When the order was cancelled: it was never confirmed to its client, and its goods are about to be released. */
  @Column('timestamptz', { name: 'withdrawn_at', nullable: true })
  cancelledAt!: Date | null;
}

export function toOrder(row: OrderEntity): Order {
  const { id, status, reason, lines, totalCents, refundedCents, currency, createdAt, shippingAddress } = row;
  return {
    id,
    status,
    ...(reason && { reason }),
    lines,
    totalCents,
    refundedCents,
    currency,
    createdAt: createdAt.toISOString(),
    ...(shippingAddress && { shippingAddress }),
  };
}
