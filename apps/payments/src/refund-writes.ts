// Every write to the refunds table.
import type { paymentsRpc } from '@shop/contracts/payments';
import type { InputOf } from '@shop/contracts/rpc';
import { inTransaction, sql } from '@shop/kit/database';
import { AppError } from '@shop/kit/errors';
import type { Room } from '@shop/kit/in-flight';
import type { DataSource } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { shareExpression } from './payment-writes.js';
import type { RefundResult } from './provider.js';

/**
 * Writes a refund down, once per key. The payment's row is locked first, so that refunds of one order are looked at one
 * after the other and together never exceed what was paid. refund_exceeds_payment, idempotency_key_reused.
 */
export function insertRefund(db: DataSource, refund: InputOf<typeof paymentsRpc.requestRefund>): Promise<void> {
  const { orderId, idempotencyKey, amountCents: requested = null, reason } = refund;
  return inTransaction(db, async (sql) => {
    const [payment] = await sql<{ paid: number }>(
      `select amount_cents::float8 as paid from payments where order_id = $1 and status = 'paid' for update`,
      [orderId],
    );
    if (!payment) throw new AppError('refund_exceeds_payment', 'Nothing was paid for this order.');
    const [known] = await sql<{ requested: number | null; reason: string }>(
      `select requested_cents::float8 as requested, reason from refunds where order_id = $1 and idempotency_key = $2`,
      [orderId, idempotencyKey],
    );
    if (known?.requested === requested && known.reason === reason) return;
    if (known) throw new AppError('idempotency_key_reused');
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

/** A refund in the hands of this process, until its lease ends. */
export interface RefundAttempt {
  refundId: string;
  orderId: string;
  customerId: string;
  amountCents: number;
  method: 'card' | 'credit';
  /** Who took the charge; null when no card was charged. */
  provider: string | null;
  chargeId: string | null;
  /** The party whose share of this process the attempt takes. */
  share: string;
  /** refunded: made, but orders does not know of it. */
  status: 'waiting' | 'refunded';
  attempts: number;
}

/** The provider that took the charge of payment `p`. Rows older than the column have it in the books only. */
const providerOf = `coalesce(p.provider, (
  select substr(account, length('provider:') + 1) from ledger_transactions t join ledger_entries on transaction_id = t.id
  where reference = 'payment:' || p.order_id and starts_with(account, 'provider:')
))`;

/**
 * Begins an attempt at refunds that are due, of each share as many as there is room for. One that ends without a result is
 * due again with its lease.
 */
export function claimDueRefunds(
  db: DataSource,
  { names, limits }: Room,
  leaseSeconds: number,
  current: string,
): Promise<RefundAttempt[]> {
  return sql<RefundAttempt>(
    db,
    `with due as (
       select * from unnest($1::text[], $2::int[]) room (share, free), lateral (
         select r.id from refunds r join payments p on p.order_id = r.order_id
         where r.next_attempt_at <= now() and ${shareExpression} = room.share
         order by r.next_attempt_at limit room.free for update of r skip locked
       ) refund
     )
     update refunds r
     set attempts = r.attempts + 1, next_attempt_at = now() + make_interval(secs => $4)
     from due, payments p where r.id = due.id and p.order_id = r.order_id
     returning r.id as "refundId", r.order_id as "orderId", p.customer_id as "customerId", r.status, r.attempts, due.share,
               r.amount_cents::float8 as "amountCents", p.payment->>'method' as method, p.charge_id as "chargeId",
               ${providerOf} as provider`,
    [names, limits, current, leaseSeconds],
  );
}

/** Writes the result down, and the money in the books: back to `account`. Does nothing when the refund was settled before. */
export async function settleRefund(
  db: DataSource,
  refundId: string,
  result: RefundResult,
  account: string | null,
): Promise<void> {
  const failure = result.status === 'failed' ? result.failure : null;
  await sql(
    db,
    `with settled as (
       update refunds
       set status = $2, failure = $3, settled_at = now(),
           next_attempt_at = case $2 when 'failed' then null else next_attempt_at end
       where id = $1 and status = 'waiting'
       returning id, status, amount_cents
     ), booked as (
       insert into ledger_transactions (id, reference)
       select $4, 'refund:' || id from settled where status = 'refunded'
       returning id
     )
     insert into ledger_entries (transaction_id, account, amount_cents)
     select booked.id, side.account, side.sign * settled.amount_cents
     from booked, settled, (values ($5, 1), ('sales', -1)) side (account, sign)`,
    [refundId, result.status, failure, uuidv7(), account],
  );
}

/** What was given back of an order, all refunds together. */
export async function refundedCents(db: DataSource, orderId: string): Promise<number> {
  const [sum] = await sql<{ cents: number }>(
    db,
    `select coalesce(sum(amount_cents), 0)::float8 as cents from refunds where order_id = $1 and status = 'refunded'`,
    [orderId],
  );
  return sum!.cents;
}

/** Orders knows: nothing is left to do. */
export async function endRefund(db: DataSource, refundId: string): Promise<void> {
  await sql(db, `update refunds set next_attempt_at = null where id = $1 and status = 'refunded'`, [refundId]);
}
