// Store credit, as its owner and staff see it.
import type { Credit, CreditEntry, CreditGift } from '@shop/contracts/payments';
import { sql } from '@shop/kit/database';
import { AppError } from '@shop/rpc/errors';
import type { DataSource } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { creditAccount } from './ledger.js';

/** Limit of the newest entries that are shown. */
const MAX_ENTRIES = 100;

type Row = Omit<CreditEntry, 'createdAt'> & { createdAt: Date };

/** The reference of a gift is the one it was given under; of other entries it is `payment:` or `refund:` and an id. */
const SELECT_ENTRIES = `
  select transaction_id as id, amount_cents::float8 as "amountCents", created_at as "createdAt",
    case when starts_with(reference, account || ':') then substr(reference, length(account) + 2) else reference end as reference
  from ledger_entries join ledger_transactions on id = transaction_id`;

export async function creditOf(db: DataSource, customerId: string): Promise<Credit> {
  const account = creditAccount(customerId);
  const [[kept], rows] = await Promise.all([
    sql<{ cents: number }>(db, 'select balance_cents::float8 as cents from ledger_accounts where name = $1', [account]),
    sql<Row>(db, `${SELECT_ENTRIES} where account = $1 order by transaction_id desc limit $2`, [account, MAX_ENTRIES]),
  ]);
  return { balanceCents: kept?.cents ?? 0, entries: rows.map(toCreditEntry) };
}

/** Gives credit once per reference, and returns the first gift of that reference. */
export async function give(db: DataSource, customerId: string, gift: CreditGift): Promise<CreditEntry> {
  const { amountCents, reference } = gift;
  const account = creditAccount(customerId);
  await giveCredit(db, customerId, amountCents, reference);
  const given = [account, reference];
  const [row] = await sql<Row>(db, `${SELECT_ENTRIES} where account = $1 and reference = $1 || ':' || $2`, given);
  if (row!.amountCents !== amountCents)
    throw new AppError('idempotency_key_reused', `${row!.amountCents} cents were given under this reference.`);
  return toCreditEntry(row!);
}

/** Returns whether this was the first gift under this reference: only the first one is given. */
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

function toCreditEntry({ createdAt, ...entry }: Row): CreditEntry {
  return { ...entry, createdAt: createdAt.toISOString() };
}
