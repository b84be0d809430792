// The statements by which refunds are made. Each one is a transaction together with the ledger entries it makes.
import { sql } from '@shop/kit/database';
import type { Room } from '@shop/kit/in-flight';
import type { DataSource } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { booking } from './ledger.js';
import { shareExpression } from './payment-writes.js';
import type { RefundResult } from './providers/provider.js';

/** The failure of a refund that was tried for REFUND_GIVE_UP_SECONDS. */
export const GIVEN_UP = 'provider_unavailable';

/** A refund that this process may work on until its lease ends. */
export interface RefundAttempt {
  refundId: string;
  orderId: string;
  customerId: string;
  amountCents: number;
  method: 'card' | 'credit';
  /** The provider that made the charge; null when no card was charged. */
  provider: string | null;
  chargeId: string | null;
  /** The share of this process that the attempt takes. */
  share: string;
  status: 'waiting' | 'refunded' | 'failed';
  attempts: number;
  /** Waiting for longer than REFUND_GIVE_UP_SECONDS. */
  expired: boolean;
  /** Orders has not confirmed the outcome yet. */
  untold: boolean;
  /** Made, and due for a check whether it has failed since. */
  toCheck: boolean;
  /** When the check is due if this process dies. An event of the provider changes it. */
  checkLease: string | null;
}

/** The provider that made the charge of payment `p`. For rows older than the column only the books say it. */
const providerOf = `coalesce(p.provider, (
  select substr(account, length('provider:') + 1) from ledger_transactions t join ledger_entries on transaction_id = t.id
  where reference = 'payment:' || p.order_id and starts_with(account, 'provider:')
))`;

/** Backoff: one lease, or for a waiting refund its age if that is longer, up to an hour. */
const pause = `make_interval(secs => case r.status
  when 'waiting' then greatest($3, least(extract(epoch from now() - r.created_at), 3600)) else $3 end)`;

/** Begins an attempt at refunds that are due, for each share as many as there is room for. */
export function claimDueRefunds(
  db: DataSource,
  { names, limits }: Room,
  leaseSeconds: number,
  giveUpSeconds: number,
): Promise<RefundAttempt[]> {
  return sql<RefundAttempt>(
    db,
    `with due as (
       select * from unnest($1::text[], $2::int[]) room (share, free), lateral (
         select r.id, r.next_attempt_at is not null and r.status <> 'waiting' as untold,
                r.next_check_at <= now() and r.status = 'refunded' as to_check
         from refunds r join payments p on p.order_id = r.order_id
         where least(r.next_attempt_at, r.next_check_at) <= now() and ${shareExpression} = room.share
         order by least(r.next_attempt_at, r.next_check_at) limit room.free for update of r skip locked
       ) refund
     )
     update refunds r
     set attempts = r.attempts + 1,
         next_attempt_at = case when r.next_attempt_at is not null then now() + ${pause} end,
         next_check_at = case r.status when 'refunded' then
           case when r.next_check_at <= now() then now() + make_interval(secs => $3) else r.next_check_at end end
     from due, payments p where r.id = due.id and p.order_id = r.order_id
     returning r.id as "refundId", r.order_id as "orderId", p.customer_id as "customerId", r.status, r.attempts, due.share,
               r.amount_cents::float8 as "amountCents", p.payment->>'method' as method, p.charge_id as "chargeId",
               ${providerOf} as provider, untold, coalesce(to_check, false) as "toCheck", r.next_check_at::text as "checkLease",
               r.attempts > 1 and r.created_at + make_interval(secs => $4) <= now() as expired`,
    [names, limits, leaseSeconds, giveUpSeconds],
  );
}

/** The age at which orders is notified of a refund again, and the refund first checked at the provider. Later checks come at twice the age. */
const FIRST_CHECK_SECONDS = 2;

const SETTLE = `
  with settled as (
    update refunds
    set status = $2, failure = $3, settled_at = now(),
        next_attempt_at = case $2 when 'refunded' then now() + make_interval(secs => $7) end,
        next_check_at = case when $2 = 'refunded' and $6 then now() + make_interval(secs => $7) end
    where id = $1 and status = 'waiting'
    returning id, status, amount_cents
  ), made as (
    select id, amount_cents from settled where status = 'refunded'
  ), ${booking({ source: 'made', id: '$4', reference: `'refund:' || made.id`, from: `'sales'`, to: '$5' })}
  select status from settled`;

/**
 * Writes down what became of a waiting refund, and the money in the books: back to `account`. Returns false when the refund
 * had been settled before.
 */
export async function settleRefund(
  db: DataSource,
  { refundId, provider }: RefundAttempt,
  result: Exclude<RefundResult, { status: 'waiting' }>,
  account: string | null,
): Promise<boolean> {
  const failure = result.status === 'failed' ? result.failure : null;
  const mayFailLater = provider !== null;
  const values = [refundId, result.status, failure, uuidv7(), account, mayFailLater, FIRST_CHECK_SECONDS];
  return (await sql(db, SETTLE, values)).length > 0;
}

const REVERSE = `
  with reversed as (
    update refunds
    set status = 'failed', failure = $2, reversed_at = now(), next_attempt_at = now(), next_check_at = null
    where id = $1 and status = 'refunded'
    returning id, amount_cents
  ), ${booking({ source: 'reversed', id: '$3', reference: `'refund-failed:' || reversed.id`, from: '$4', to: `'sales'` })}
  select id from reversed`;

/** Books back a refund that failed after it was made: the money is the shop's again. Returns false when that was done before. */
export async function reverseRefund(
  db: DataSource,
  { refundId }: RefundAttempt,
  failure: string,
  account: string | null,
): Promise<boolean> {
  return (await sql(db, REVERSE, [refundId, failure, uuidv7(), account])).length > 0;
}

/** Ends a check: the next one is due at twice the age, the last one at the end of the watch. An event that came meanwhile wins. */
export async function endCheck(
  db: DataSource,
  { refundId, checkLease }: RefundAttempt,
  watchSeconds: number,
): Promise<void> {
  await sql(
    db,
    `update refunds set next_check_at = case when settled_at + make_interval(secs => $3) > now() then least(
         now() + greatest(now() - settled_at, make_interval(secs => $4)), settled_at + make_interval(secs => $3)) end
     where id = $1 and status = 'refunded' and next_check_at = $2::timestamptz`,
    [refundId, checkLease, watchSeconds, FIRST_CHECK_SECONDS],
  );
}

/**
 * The sum of all refunds of an order that were made. Each refund that is made and each that is booked back makes the revision
 * higher, so sums of the same revision are the same.
 */
export async function refundedSum(db: DataSource, orderId: string) {
  const [sum] = await sql<{ refundedCents: number; revision: number }>(
    db,
    `select coalesce(sum(amount_cents) filter (where status = 'refunded'), 0)::float8 as "refundedCents",
            (count(*) filter (where status = 'refunded') + 2 * count(reversed_at))::int as revision
     from refunds where order_id = $1`,
    [orderId],
  );
  return sum!;
}

/** Orders has confirmed the outcome, so nothing is left to do unless the status has changed meanwhile. */
export async function endRefund(db: DataSource, refundId: string, confirmed: 'refunded' | 'failed'): Promise<void> {
  await sql(db, `update refunds set next_attempt_at = null where id = $1 and status = $2`, [refundId, confirmed]);
}
