// Refunds as staff request and see them.
import type { paymentsRpc, Refund } from '@shop/contracts/payments';
import type { InputOf } from '@shop/contracts/rpc';
import { inTransaction, sql } from '@shop/kit/database';
import { AppError } from '@shop/rpc/errors';
import type { DataSource } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';

/** Limit of the refunds of an order that are shown. */
const MAX_REFUNDS = 100;

/**
 * Writes a refund down, once per key. The row of the payment is locked first, so refunds of one order are checked one after
 * the other and never exceed what was paid. Errors: refund_exceeds_payment, idempotency_key_reused, refund_failed.
 */
export function insertRefund(db: DataSource, refund: InputOf<typeof paymentsRpc.requestRefund>): Promise<void> {
  const { orderId, idempotencyKey, amountCents: requested = null, reason } = refund;
  return inTransaction(db, async (sql) => {
    const [payment] = await sql<{ paid: number }>(
      `select amount_cents::float8 as paid from payments where order_id = $1 and status = 'paid' for update`,
      [orderId],
    );
    if (!payment) throw new AppError('refund_exceeds_payment', 'Nothing was paid for this order.');
    const [known] = await sql<{ requested: number | null; reason: string; failure: string | null }>(
      `select requested_cents::float8 as requested, reason, failure from refunds
       where order_id = $1 and idempotency_key = $2`,
      [orderId, idempotencyKey],
    );
    if (known && (known.requested !== requested || known.reason !== reason))
      throw new AppError('idempotency_key_reused');
    if (known?.failure) throw new AppError('refund_failed', `It failed: ${known.failure}. Retry with a new key.`);
    if (known) return;
    const [others] = await sql<{ cents: number }>(
      `select coalesce(sum(amount_cents), 0)::float8 as cents from refunds where order_id = $1 and status <> 'failed'`,
      [orderId],
    );
    const left = payment.paid - others!.cents;
    const amount = requested ?? left;
    if (amount > left || amount <= 0)
      throw new AppError('refund_exceeds_payment', `There are ${left} cents left to be refunded.`);
    await sql(
      `insert into refunds (id, order_id, idempotency_key, requested_cents, amount_cents, reason)
       values ($1, $2, $3, $4, $5, $6)`,
      [uuidv7(), orderId, idempotencyKey, requested, amount, reason],
    );
  });
}

type Row = Omit<Refund, 'createdAt' | 'failure'> & { createdAt: Date; failure: string | null };

/** Newest first: ids are ordered by time. */
export async function refundsOf(db: DataSource, orderId: string): Promise<Refund[]> {
  const rows = await sql<Row>(
    db,
    `select id, amount_cents::float8 as "amountCents", status, reason, failure, created_at as "createdAt"
     from refunds where order_id = $1 order by id desc limit $2`,
    [orderId, MAX_REFUNDS],
  );
  return rows.map(({ failure, createdAt, ...refund }) => ({
    ...refund,
    ...(failure !== null && { failure }),
    createdAt: createdAt.toISOString(),
  }));
}
