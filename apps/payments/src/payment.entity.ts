import type { DeclineReason, PaymentMethod } from '@shop/contracts/orders';
import type { Currency } from '@shop/contracts/values';
import { Column, Entity, PrimaryColumn } from 'typeorm';

export type PaymentStatus = 'waiting' | 'paid' | 'declined';

/** The one payment of an order: this row is what makes an order be charged once. */
@Entity('payments')
export class PaymentEntity {
  @PrimaryColumn('uuid', { name: 'order_id' })
  orderId!: string;

  @Column('uuid', { name: 'customer_id' })
  customerId!: string;

  @Column('bigint', { name: 'amount_cents', transformer: { to: (value: number) => value, from: Number } })
  amountCents!: number;

  @Column('text')
  currency!: Currency;

  @Column('jsonb')
  payment!: PaymentMethod;

  @Column('text')
  status!: PaymentStatus;

  @Column('text', { nullable: true })
  reason!: DeclineReason | null;

  /** Who was asked to charge. Null when a card was not needed, and on rows written before there was this column. */
  @Column('text', { nullable: true })
  provider!: string | null;

  /** The provider's name of the charge. */
  @Column('text', { name: 'charge_id', nullable: true })
  chargeId!: string | null;

  /** How often charging was begun. */
  @Column('integer')
  attempts!: number;

  /** Whether the provider may have charged without our knowing. */
  @Column('boolean', { name: 'in_doubt' })
  inDoubt!: boolean;

  @Column('timestamptz', { name: 'give_up_at' })
  giveUpAt!: Date;

  /** When to try (again); while an attempt runs, when to think its process dead. Null once settled. */
  @Column('timestamptz', { name: 'next_attempt_at', nullable: true })
  nextAttemptAt!: Date | null;

  @Column('timestamptz', { name: 'created_at' })
  createdAt!: Date;
}
