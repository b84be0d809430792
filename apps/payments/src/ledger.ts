// The books, in double entry: money moves from one account to another, so the entries of a transaction sum to zero.
// A positive entry adds to its account, a negative one takes from it.

/** Where the money of card payments comes from. */
export function providerAccount(provider: string): string {
  return `provider:${provider}`;
}

/** A customer's store credit. */
export function creditAccount(customerId: string): string {
  return `credit:${customerId}`;
}

interface Booking {
  /** An earlier entry of the same `with` list. Its `amount_cents` are moved; without a row nothing is. */
  source: string;
  id: string;
  /** Unique: what is booked under it cannot be booked a second time. */
  reference: string;
  from: string;
  to: string;
}

/** Two entries of a `with` list that move money from one account to another. All arguments are SQL expressions. */
export const booking = ({ source, id, reference, from, to }: Booking): string => `
  booked as (
    insert into ledger_transactions (id, reference) select ${id}, ${reference} from ${source} returning id
  ), entries as (
    insert into ledger_entries (transaction_id, account, amount_cents)
    select booked.id, side.account, side.sign * ${source}.amount_cents
    from booked, ${source}, lateral (values (${from}, -1), (${to}, 1)) side (account, sign)
  )`;
