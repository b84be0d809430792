// The books, in double entry: money moves from one account to another, so the entries of a transaction sum to zero.
// A positive entry adds to its account, a negative one takes from it.
import { sql } from '@shop/kit/database';
import type { DataSource } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';

/** Where money of card payments comes from. */
export function providerAccount(provider: string): string {
  return `provider:${provider}`;
}

/** A customer's store credit. */
export function creditAccount(customerId: string): string {
  return `credit:${customerId}`;
}

/** Gives a customer store credit. The same reference gives nothing a second time; answers whether it was the first. */
export async function giveCredit(
  db: DataSource,
  customerId: string,
  amountCents: number,
  reference: string,
): Promise<boolean> {
  const account = creditAccount(customerId);
  await sql(
    db,
    `insert into ledger_accounts (name, customer_id, balance_cents) values ($1, $2, 0) on conflict do nothing`,
    [account, customerId],
  );
  const given = await sql(
    db,
    `with booked as (
       insert into ledger_transactions (id, reference) values ($1, $2) on conflict do nothing returning id
     )
     insert into ledger_entries (transaction_id, account, amount_cents)
     select booked.id, side.account, side.cents
     from booked, (values ('credit-given', -$4::bigint), ($3, $4::bigint)) side (account, cents)
     returning account`,
    [uuidv7(), `${account}:${reference}`, account, amountCents],
  );
  return given.length > 0;
}
