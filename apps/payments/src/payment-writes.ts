// Every write to the payments table. Each is one statement, and so one transaction with the ledger entries it makes.
import type { PaymentMethod, PaymentOutcome } from '@shop/contracts/orders';
import type { ChargePayment } from '@shop/contracts/payments';
import { sql } from '@shop/kit/database';
import type { DataSource } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { providerAccount } from './ledger.js';
import type { ChargeResult } from './provider.js';

/** A payment in the hands of this process, until its lease ends. */
export interface Attempt {
  orderId: string;
  customerId: string;
  amountCents: number;
  currency: string;
  payment: PaymentMethod;
  /** Who charges; null when no card is needed. */
  provider: string | null;
  /** Which attempt this is; a later one makes it void. */
  attempts: number;
  /** Whether the provider may have charged in an earlier attempt. */
  wasInDoubt: boolean;
  /** Too late to charge. */
  expired: boolean;
  /** When the payment was written down. */
  since: Date;
}

export interface FirstAttempt {
  provider: string | null;
  leaseSeconds: number;
  giveUpSeconds: number;
}

/** Writes a payment down and begins its first attempt. Undefined when there is one for this order. */
export async function insertPayment(
  db: DataSource,
  charge: ChargePayment,
  { provider, leaseSeconds, giveUpSeconds }: FirstAttempt,
): Promise<Attempt | undefined> {
  const { orderId, customerId, amountCents, currency, payment } = charge;
  const inserted = await sql(
    db,
    `insert into payments (order_id, customer_id, amount_cents, currency, payment, provider, next_attempt_at, give_up_at)
     values ($1, $2, $3, $4, $5, $6, now() + make_interval(secs => $7), now() + make_interval(secs => $8))
     on conflict (order_id) do nothing
     returning order_id`,
    [orderId, customerId, amountCents, currency, JSON.stringify(payment), provider, leaseSeconds, giveUpSeconds],
  );
  if (inserted.length === 0) return undefined;
  return { ...charge, provider, attempts: 1, wasInDoubt: false, expired: false, since: new Date() };
}

/**
 * Begins another attempt at up to `limit` payments that are due, each with the provider that began it; `current` takes
 * those of a version that did not write it down.
 */
export function claimDuePayments(
  db: DataSource,
  limit: number,
  leaseSeconds: number,
  current: string,
): Promise<Attempt[]> {
  return sql<Attempt>(
    db,
    `with due as (
       select order_id, in_doubt from payments
       where next_attempt_at <= now() order by next_attempt_at limit $1 for update skip locked
     )
     update payments
     set attempts = attempts + 1, in_doubt = true, next_attempt_at = now() + make_interval(secs => $2),
         provider = case when payment->>'method' = 'card' and amount_cents > 0 then coalesce(provider, $3) end
     from due where payments.order_id = due.order_id
     returning due.order_id as "orderId", customer_id as "customerId", amount_cents::float8 as "amountCents", currency,
               payment, provider, attempts, due.in_doubt as "wasInDoubt", give_up_at <= now() as expired, created_at as since`,
    [limit, leaseSeconds, current],
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
