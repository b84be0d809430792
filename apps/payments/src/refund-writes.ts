// What becomes of refunds. Each write is one statement, and so one transaction with the ledger entries it makes.
import { sql } from '@shop/kit/database';
import type { Room } from '@shop/kit/in-flight';
import type { DataSource } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { shareExpression } from './payment-writes.js';
import type { RefundResult } from './providers/provider.js';

/** The failure of a refund that was tried for REFUND_GIVE_UP_SECONDS. */
export const GIVEN_UP = 'provider_unavailable';

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
  status: 'waiting' | 'refunded' | 'failed';
  attempts: number;
  /** Waiting for too long. */
  expired: boolean;
  /** Orders does not know what became of it. */
  untold: boolean;
  /** Made, and due to be asked about: it may have failed since. */
  toCheck: boolean;
  /** When its check is due if this process dies; an event moves it. */
  checkLease: string | null;
}

/** The provider that took the charge of payment `p`. Rows older than the column have it in the books only. */
const providerOf = `coalesce(p.provider, (
  select substr(account, length('provider:') + 1) from ledger_transactions t join ledger_entries on transaction_id = t.id
  where reference = 'payment:' || p.order_id and starts_with(account, 'provider:')
))`;

/** Backoff: one lease, or for a waiting refund its age if that is longer, up to an hour. */
const pause = `make_interval(secs => case r.status
  when 'waiting' then greatest($3, least(extract(epoch from now() - r.created_at), 3600)) else $3 end)`;

export interface RefundPatience {
  leaseSeconds: number;
  giveUpSeconds: number;
}

/** Begins an attempt at refunds that are due, of each share as many as there is room for. */
export function claimDueRefunds(
  db: DataSource,
  { names, limits }: Room,
  { leaseSeconds, giveUpSeconds }: RefundPatience,
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

/** When orders is told again of a refund that was made, and the provider first asked about it; then each time it is twice as old. */
const FIRST_CHECK_SECONDS = 2;

/**
 * Writes down what became of a waiting refund, and the money in the books: back to `account`. Answers false when the refund
 * was settled before.
 */
export async function settleRefund(
  db: DataSource,
  { refundId, provider }: RefundAttempt,
  result: Exclude<RefundResult, { status: 'waiting' }>,
  account: string | null,
): Promise<boolean> {
  const failure = result.status === 'failed' ? result.failure : null;
  const settled = await sql(
    db,
    `with settled as (
       update refunds
       set status = $2, failure = $3, settled_at = now(),
           next_attempt_at = case $2 when 'refunded' then now() + make_interval(secs => $7) end,
           next_check_at = case when $2 = 'refunded' and $6 then now() + make_interval(secs => $7) end
       where id = $1 and status = 'waiting'
       returning id, status, amount_cents
     ), booked as (
       insert into ledger_transactions (id, reference)
       select $4, 'refund:' || id from settled where status = 'refunded'
       returning id
     ), entries as (
       insert into ledger_entries (transaction_id, account, amount_cents)
       select booked.id, side.account, side.sign * settled.amount_cents
       from booked, settled, (values ($5, 1), ('sales', -1)) side (account, sign)
     )
     select status from settled`,
    [refundId, result.status, failure, uuidv7(), account, provider !== null, FIRST_CHECK_SECONDS],
  );
  return settled.length > 0;
}

/** Books a refund back that was made and has failed since: the money is the shop's again. Answers false when that was done before. */
export async function reverseRefund(
  db: DataSource,
  { refundId }: RefundAttempt,
  failure: string,
  account: string | null,
): Promise<boolean> {
  const reversed = await sql(
    db,
    `with reversed as (
       update refunds
       set status = 'failed', failure = $2, reversed_at = now(), next_attempt_at = now(), next_check_at = null
       where id = $1 and status = 'refunded'
       returning id, amount_cents
     ), booked as (
       insert into ledger_transactions (id, reference) select $3, 'refund-failed:' || id from reversed returning id
     ), entries as (
       insert into ledger_entries (transaction_id, account, amount_cents)
       select booked.id, side.account, side.sign * reversed.amount_cents
       from booked, reversed, (values ($4, -1), ('sales', 1)) side (account, sign)
     )
     select id from reversed`,
    [refundId, failure, uuidv7(), account],
  );
  return reversed.length > 0;
}

/** Asks again when the refund is twice as old, the last time at the end of the watch; unless an event has come meanwhile. */
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
 * What is given back of an order, all refunds together. Each refund that is made, and each that is booked back, makes the
 * revision higher: sums of the same revision are the same.
 */
export async function refundedSum(
  db: DataSource,
  orderId: string,
): Promise<{ refundedCents: number; revision: number }> {
  const [sum] = await sql<{ refundedCents: number; revision: number }>(
    db,
    `select coalesce(sum(amount_cents) filter (where status = 'refunded'), 0)::float8 as "refundedCents",
            (count(*) filter (where status = 'refunded') + 2 * count(reversed_at))::int as revision
     from refunds where order_id = $1`,
    [orderId],
  );
  return sum!;
}

/** Orders knows: nothing is left to do, unless the refund has become something else meanwhile. */
export async function endRefund(db: DataSource, refundId: string, told: 'refunded' | 'failed'): Promise<void> {
  await sql(db, `update refunds set next_attempt_at = null where id = $1 and status = $2`, [refundId, told]);
}
