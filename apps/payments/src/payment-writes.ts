// Every statement on the payments table. Each one is a transaction together with the ledger entries it makes.
import type { PaymentOutcome } from '@shop/contracts/orders';
import { PaymentProviderName, type ChargePayment, type PaymentState } from '@shop/contracts/payments';
import { sql } from '@shop/kit/database';
import type { Room } from '@shop/kit/in-flight';
import type { DataSource } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { booking, providerAccount } from './ledger.js';
import type { ChargeResult } from './providers/provider.js';

/** A payment that this process may attempt to settle until its lease ends. */
export interface Attempt extends ChargePayment {
  /** The provider that charges; null when no card is charged. */
  provider: string | null;
  /** The share of this process that the attempt takes. */
  share: string;
  /** The number of this attempt; a later one makes it void. */
  attempts: number;
  /** Whether the provider may have charged in an earlier attempt. */
  wasInDoubt: boolean;
  /** Too late to charge. */
  expired: boolean;
  /** When the payment was written down. */
  since: Date;
}

/** The share of payments that wait for no provider: by store credit, of nothing, and of versions that wrote no provider. */
const OWN_BOOKS = 'credit';

export const shares: readonly string[] = [...PaymentProviderName.options, OWN_BOOKS];

export const shareOf = (provider: string | null) => provider ?? OWN_BOOKS;

/** The share of payment `p`, as it is indexed. */
export const shareExpression = `coalesce(p.provider, '${OWN_BOOKS}')`;

/** The outcome of a payment as JSON. */
const OUTCOME = `json_strip_nulls(json_build_object('status', status, 'reason', reason))`;

export async function stateOf(db: DataSource, orderId: string): Promise<PaymentState> {
  const text = `select ${OUTCOME} as state from payments where order_id = $1`;
  const [payment] = await sql<{ state: PaymentState }>(db, text, [orderId]);
  return payment?.state ?? { status: 'unknown' };
}

export interface NewPayment extends ChargePayment {
  provider: string | null;
  /** Whether its first attempt begins now. Otherwise it is due, and a sweep takes it as soon as it has room. */
  begun: boolean;
  leaseSeconds: number;
  giveUpSeconds: number;
}

/** Writes a payment down. Undefined when there is one for this order. */
export async function insertPayment(db: DataSource, payment: NewPayment): Promise<Attempt | undefined> {
  const { begun, leaseSeconds, giveUpSeconds, ...attempt } = payment;
  const { orderId, customerId, amountCents, currency, provider } = attempt;
  const values = [orderId, customerId, amountCents, currency, JSON.stringify(attempt.payment), provider];
  const inserted = await sql(
    db,
    `insert into payments (order_id, customer_id, amount_cents, currency, payment, provider, attempts, in_doubt,
                           next_attempt_at, give_up_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8, now() + make_interval(secs => $9), now() + make_interval(secs => $10))
     on conflict (order_id) do nothing
     returning order_id`,
    [...values, begun ? 1 : 0, begun, begun ? leaseSeconds : 0, giveUpSeconds],
  );
  if (inserted.length === 0) return undefined;
  return { ...attempt, share: shareOf(provider), attempts: 1, wasInDoubt: false, expired: false, since: new Date() };
}

/**
 * Begins another attempt at payments that are due, for each share as many as there is room for. Each payment stays with the
 * provider that began it; `current` takes those of a version that did not write the provider down.
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
const MAX_PAUSE_SECONDS = 30;

/** Ends an attempt without a result. The next one is due after a pause that doubles each time, or when it is time to give up. */
export async function postponePayment(db: DataSource, { orderId, attempts }: Attempt, inDoubt: boolean): Promise<void> {
  const pause = Math.min(FIRST_PAUSE_SECONDS * 2 ** (attempts - 1), MAX_PAUSE_SECONDS);
  await sql(
    db,
    `update payments
     set in_doubt = $3, next_attempt_at = case when give_up_at > now()
       then least(now() + make_interval(secs => $4), give_up_at) else now() + make_interval(secs => $4) end
     where order_id = $1 and status = 'waiting' and attempts = $2`,
    [orderId, attempts, inDoubt, pause],
  );
}

const SETTLE_BY_PROVIDER = `
  with settled as (
    update payments
    set status = $2, reason = $3, charge_id = $4, settled_at = now(), next_attempt_at = null, in_doubt = false
    where order_id = $1 and status = 'waiting'
    returning order_id, status, amount_cents
  ), paid as (
    select order_id, amount_cents from settled where status = 'paid' and amount_cents > 0
  ), ${booking({ source: 'paid', id: '$5', reference: `'payment:' || order_id`, from: '$6', to: `'sales'` })}
  select status from settled`;

/** Writes a provider's result down, and the money in the books. Returns false when the payment had been settled before. */
export async function settlePayment(
  db: DataSource,
  { orderId, provider }: Attempt,
  result: ChargeResult,
): Promise<boolean> {
  const chargeId = result.status === 'paid' ? result.chargeId : null;
  const reason = result.status === 'declined' ? result.reason : null;
  const account = provider && providerAccount(provider);
  const settled = await sql(db, SETTLE_BY_PROVIDER, [orderId, result.status, reason, chargeId, uuidv7(), account]);
  return settled.length > 0;
}

const SETTLE_BY_CREDIT = `
  with payer as materialized (
    select name from ledger_accounts where customer_id = $2 and balance_cents >= $3 for update
  ), settled as (
    update payments
    set status = case when exists (select from payer) then 'paid' else 'declined' end,
        reason = case when exists (select from payer) then null else 'insufficient_credit' end,
        settled_at = now(), next_attempt_at = null, in_doubt = false
    where order_id = $1 and status = 'waiting'
    returning order_id, status, reason, amount_cents
  ), paid as (
    select order_id, amount_cents, payer.name as payer from settled, payer
  ), ${booking({ source: 'paid', id: '$4', reference: `'payment:' || order_id`, from: 'paid.payer', to: `'sales'` })}
  select ${OUTCOME} as outcome from settled`;

/**
 * Pays with store credit, or declines. The row of the account is locked and read in its newest state, so exactly one of two
 * orders that exceed the balance together is paid. Undefined when the payment had been settled before.
 */
export async function settleByCredit(
  db: DataSource,
  { orderId, customerId, amountCents }: Attempt,
): Promise<PaymentOutcome | undefined> {
  const values = [orderId, customerId, amountCents, uuidv7()];
  const [settled] = await sql<{ outcome: PaymentOutcome }>(db, SETTLE_BY_CREDIT, values);
  return settled?.outcome;
}
