// Every write to the payments table. Each is one statement, and so one transaction with the ledger entries it makes.
import type { PaymentMethod, PaymentOutcome } from '@shop/contracts/orders';
import type { ChargePayment } from '@shop/contracts/payments';
import { sql } from '@shop/kit/database';
import type { Room } from '@shop/kit/in-flight';
import type { DataSource } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { providerAccount } from './ledger.js';
import type { ChargeResult } from './providers/provider.js';

/** A payment in the hands of this process, until its lease ends. */
export interface Attempt {
  orderId: string;
  customerId: string;
  amountCents: number;
  currency: string;
  payment: PaymentMethod;
  /** Who charges; null when no card is needed. */
  provider: string | null;
  /** The party whose share of this process the attempt takes. */
  share: string;
  /** Which attempt this is; a later one makes it void. */
  attempts: number;
  /** Whether the provider may have charged in an earlier attempt. */
  wasInDoubt: boolean;
  /** Too late to charge. */
  expired: boolean;
  /** When the payment was written down. */
  since: Date;
}

/** Store credit, and what costs nothing: no provider is waited for. Also payments of a version that did not write theirs down. */
const OWN_BOOKS = 'credit';

/** Every share of `providers`. */
export const sharesOf = (providers: readonly string[]) => [...providers, OWN_BOOKS];

export const shareOf = (provider: string | null) => provider ?? OWN_BOOKS;

/** The same of payment `p`, as it is indexed. */
export const shareExpression = `coalesce(p.provider, '${OWN_BOOKS}')`;

export interface NewPayment extends ChargePayment {
  provider: string | null;
  /** Whether its first attempt begins now. Else it is due, and a sweep takes it once it has room. */
  begun: boolean;
  leaseSeconds: number;
  giveUpSeconds: number;
}

/** Writes a payment down. Undefined when there is one for this order. */
export async function insertPayment(db: DataSource, payment: NewPayment): Promise<Attempt | undefined> {
  const { begun, leaseSeconds, giveUpSeconds, ...attempt } = payment;
  const { orderId, customerId, amountCents, currency, provider } = attempt;
  const inserted = await sql(
    db,
    `insert into payments (order_id, customer_id, amount_cents, currency, payment, provider, attempts, in_doubt,
                           next_attempt_at, give_up_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8, now() + make_interval(secs => $9), now() + make_interval(secs => $10))
     on conflict (order_id) do nothing
     returning order_id`,
    [
      ...[orderId, customerId, amountCents, currency, JSON.stringify(attempt.payment), provider],
      ...(begun ? [1, true, leaseSeconds] : [0, false, 0]),
      giveUpSeconds,
    ],
  );
  if (inserted.length === 0) return undefined;
  return { ...attempt, share: shareOf(provider), attempts: 1, wasInDoubt: false, expired: false, since: new Date() };
}

/**
 * Begins another attempt at payments that are due, of each share as many as there is room for, each with the provider that
 * began it; `current` takes those of a version that did not write it down.
 */
export function claimDuePayments(
  db: DataSource,
  { names, limits }: Room,
  leaseSeconds: number,
  current: string,
): Promise<Attempt[]> {
  return sql<Attempt>(
    db,
    `with due as (
       select * from unnest($1::text[], $2::int[]) room (share, free), lateral (
         select order_id, in_doubt from payments p
         where next_attempt_at <= now() and ${shareExpression} = room.share
         order by next_attempt_at limit room.free for update skip locked
       ) payment
     )
     update payments
     set attempts = attempts + 1, in_doubt = true, next_attempt_at = now() + make_interval(secs => $4),
         provider = case when payment->>'method' = 'card' and amount_cents > 0 then coalesce(provider, $3) end
     from due where payments.order_id = due.order_id
     returning due.order_id as "orderId", customer_id as "customerId", amount_cents::float8 as "amountCents", currency,
               payment, provider, share, attempts, due.in_doubt as "wasInDoubt", give_up_at <= now() as expired,
               created_at as since`,
    [names, limits, current, leaseSeconds],
  );
}

const FIRST_PAUSE_SECONDS = 0.5;
const LONGEST_PAUSE_SECONDS = 30;

/** Ends an attempt without a result: again after a pause that doubles each time, and when it is time to give up. */
export async function postponePayment(db: DataSource, { orderId, attempts }: Attempt, inDoubt: boolean): Promise<void> {
  const pause = Math.min(FIRST_PAUSE_SECONDS * 2 ** (attempts - 1), LONGEST_PAUSE_SECONDS);
  await sql(
    db,
    `update payments
     set in_doubt = $3, next_attempt_at = case when give_up_at > now()
       then least(now() + make_interval(secs => $4), give_up_at) else now() + make_interval(secs => $4) end
     where order_id = $1 and status = 'waiting' and attempts = $2`,
    [orderId, attempts, inDoubt, pause],
  );
}

/** Writes a provider's result down, and the money in the books. Answers false when the payment was settled before. */
export async function settlePayment(
  db: DataSource,
  { orderId, provider }: Attempt,
  result: ChargeResult,
): Promise<boolean> {
  const chargeId = result.status === 'paid' ? result.chargeId : null;
  const reason = result.status === 'declined' ? result.reason : null;
  const settled = await sql(
    db,
    `with settled as (
       update payments
       set status = $2, reason = $3, charge_id = $4, settled_at = now(), next_attempt_at = null, in_doubt = false
       where order_id = $1 and status = 'waiting'
       returning order_id, status, amount_cents
     ), booked as (
       insert into ledger_transactions (id, reference)
       select $5, 'payment:' || order_id from settled where status = 'paid' and amount_cents > 0
       returning id
     ), entries as (
       insert into ledger_entries (transaction_id, account, amount_cents)
       select booked.id, side.account, side.sign * settled.amount_cents
       from booked, settled, (values ($6, -1), ('sales', 1)) side (account, sign)
     )
     select status from settled`,
    [orderId, result.status, reason, chargeId, uuidv7(), provider && providerAccount(provider)],
  );
  return settled.length > 0;
}

/**
 * Pays with store credit, or declines. The account's row is locked and looked at in its newest state, so of two orders
 * that together exceed the balance exactly one is paid. Undefined when the payment was settled before.
 */
export async function settleByCredit(
  db: DataSource,
  { orderId, customerId, amountCents }: Attempt,
): Promise<PaymentOutcome | undefined> {
  const [settled] = await sql<{ outcome: PaymentOutcome }>(
    db,
    `with payer as materialized (
       select name from ledger_accounts where customer_id = $2 and balance_cents >= $3 for update
     ), settled as (
       update payments
       set status = case when exists (select from payer) then 'paid' else 'declined' end,
           reason = case when exists (select from payer) then null else 'insufficient_credit' end,
           settled_at = now(), next_attempt_at = null, in_doubt = false
       where order_id = $1 and status = 'waiting'
       returning order_id, status, reason
     ), booked as (
       insert into ledger_transactions (id, reference)
       select $4, 'payment:' || order_id from settled where status = 'paid'
       returning id
     ), entries as (
       insert into ledger_entries (transaction_id, account, amount_cents)
       select booked.id, side.account, side.sign * $3::bigint
       from booked, (select name, -1 from payer union all values ('sales', 1)) side (account, sign)
     )
     select json_strip_nulls(json_build_object('status', status, 'reason', reason)) as outcome from settled`,
    [orderId, customerId, amountCents, uuidv7()],
  );
  return settled?.outcome;
}
