import type { LineRequest, PricedLine } from '@shop/contracts/catalog';
import type { Order, OrderStatus, PaymentMethod, RejectReason, ShippingAddress } from '@shop/contracts/orders';
import { Column, Entity, PrimaryColumn } from 'typeorm';

/** Postgres' bigint comes as text; amounts stay far below 2^53. */
const cents = {
  to: (value: number | null) => value,
  from: (value: string | null) => (value === null ? null : Number(value)),
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

  /** What was asked for; `lines` are what came of it, with the catalog's names and prices of that moment. */
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

  @Column('text')
  currency!: 'EUR';

  /** Of an order refused as out of stock: what there was too little of. */
  @Column('uuid', { name: 'short_product_ids', array: true, nullable: true })
  shortProductIds!: string[] | null;

  @Column('jsonb')
  payment!: PaymentMethod;

  @Column('jsonb', { name: 'shipping_address', nullable: true })
  shippingAddress!: ShippingAddress | null;

  @Column('text', { name: 'cart_version', nullable: true })
  cartVersion!: string | null;

  @Column('timestamptz', { name: 'created_at' })
  createdAt!: Date;

  /** When the sweep looks at it next; null once it is settled. */
  @Column('timestamptz', { name: 'next_sweep_at', nullable: true, select: false })
  nextSweepAt?: Date | null;

  /** Of an order that is being taken back: nobody was told of it, and its goods are about to be released. */
  @Column('timestamptz', { name: 'withdrawn_at', nullable: true })
  withdrawnAt!: Date | null;
}

export function orderOf(row: OrderEntity): Order {
  const { id, status, reason, lines, totalCents, refundedCents, currency, createdAt } = row;
  return {
    id,
    status,
    ...(reason && { reason }),
    lines,
    totalCents,
    refundedCents,
    currency,
    createdAt: createdAt.toISOString(),
  };
}
