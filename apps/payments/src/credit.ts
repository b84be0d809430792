// Store credit, as its owner and staff see it.
import type { Credit, CreditEntry, CreditGift } from '@shop/contracts/payments';
import { sql } from '@shop/kit/database';
import { AppError } from '@shop/kit/errors';
import type { DataSource } from 'typeorm';
import { creditAccount, giveCredit } from './ledger.js';

/** Entries that are shown, newest first. */
const SHOWN = 100;

type Row = Omit<CreditEntry, 'createdAt'> & { createdAt: Date };

/** Of what was given it is the giver's reference; else `payment:` or `refund:` and an id. */
const columns = `transaction_id as id, amount_cents::float8 as "amountCents", created_at as "createdAt",
  case when starts_with(reference, account || ':') then substr(reference, length(account) + 2) else reference end as reference`;

export async function creditOf(db: DataSource, customerId: string): Promise<Credit> {
  const account = creditAccount(customerId);
  const [[kept], rows] = await Promise.all([
    sql<{ cents: number }>(db, 'select balance_cents::float8 as cents from ledger_accounts where name = $1', [account]),
    sql<Row>(
      db,
      `select ${columns} from ledger_entries join ledger_transactions on id = transaction_id
       where account = $1 order by transaction_id desc limit $2`,
      [account, SHOWN],
    ),
  ]);
  return { balanceCents: kept?.cents ?? 0, entries: rows.map(entryOf) };
}

/** Gives once per reference, and answers what was given then. */
export async function give(db: DataSource, customerId: string, gift: CreditGift): Promise<CreditEntry> {
  const { amountCents, reference } = gift;
  const account = creditAccount(customerId);
  await giveCredit(db, customerId, amountCents, reference);
  const [row] = await sql<Row>(
    db,
    `select ${columns} from ledger_entries join ledger_transactions on id = transaction_id
     where account = $1 and reference = $1 || ':' || $2`,
    [account, reference],
  );
  if (row!.amountCents !== amountCents)
    throw new AppError('idempotency_key_reused', `${row!.amountCents} cents were given under this reference.`);
  return entryOf(row!);
}

function entryOf({ createdAt, ...entry }: Row): CreditEntry {
  return { ...entry, createdAt: createdAt.toISOString() };
}
