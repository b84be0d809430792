// The compared records as streams in the order of their ids: orders, transactions of the ledger, and its accounts.
import type { ClientBase } from 'pg';
import { factsBetween, factsOf, UUID, type Databases } from './facts.ts';
import type { OrderFacts } from './rules.ts';

export const FIRST = '00000000-0000-0000-0000-000000000000';
export const LAST = 'ffffffff-ffff-ffff-ffff-ffffffffffff';

export const streamNames = ['orders', 'transactions', 'accounts'] as const;
export type StreamName = (typeof streamNames)[number];

export interface Finding {
  id: string;
  /** One per disagreement. */
  lines: string[];
}

export interface Range {
  after: string;
  upTo: string;
  /** Number of orders compared. */
  orders: number;
  findings: Finding[];
}

export interface Stream {
  /** The end of the range that begins after this id; LAST when it is the last range. */
  endOf(after: string): Promise<string>;
  /** Compares all ids in (after, upTo], in ranges of at most `size` rows of each table. */
  ranges(after: string, upTo: string): AsyncGenerator<Range>;
  of(ids: string[]): Promise<Finding[]>;
}

export type Streams = Record<StreamName, Stream>;

/** Reads `size` rows at a time, so that memory does not grow with the shop. */
export function openStreams(db: Databases, size: number, rules: (facts: OrderFacts) => string[]): Streams {
  const findings = (facts: OrderFacts[]) =>
    facts.map((fact) => ({ id: fact.id, lines: rules(fact) })).filter(({ lines }) => lines.length > 0);
  const orders = async (facts: Promise<OrderFacts[]>) => {
    const all = await facts;
    return { orders: all.length, findings: findings(all) };
  };
  return {
    orders: stream(
      [
        { client: db.orders, table: 'orders', key: 'id' },
        { client: db.catalog, table: 'reservations', key: 'order_id' },
        { client: db.payments, table: 'payments', key: 'order_id' },
      ],
      size,
      {
        between: (after, upTo) => orders(factsBetween(db, after, upTo)),
        of: (ids) => orders(factsOf(db, ids)),
      },
    ),
    transactions: stream(
      [{ client: db.payments, table: 'ledger_transactions', key: 'id' }],
      size,
      books(db.payments, ledgerQueries.transactions),
    ),
    accounts: stream(
      [{ client: db.payments, table: 'ledger_accounts', key: 'customer_id' }],
      size,
      books(db.payments, ledgerQueries.accounts),
    ),
  };
}

interface Table {
  client: ClientBase;
  table: string;
  key: string;
}

interface Comparison {
  between(after: string, upTo: string): Promise<Pick<Range, 'orders' | 'findings'>>;
  of(ids: string[]): Promise<Pick<Range, 'findings'>>;
}

function stream(tables: Table[], size: number, { between, of }: Comparison): Stream {
  const endOf = (after: string) => endOfRange(tables, after, size);
  return {
    endOf,
    async *ranges(after, last) {
      for (let from = after; from < last;) {
        const end = await endOf(from);
        const upTo = end < last ? end : last;
        yield { after: from, upTo, ...(await between(from, upTo)) };
        from = upTo;
      }
    },
    async of(ids) {
      const findings: Finding[] = [];
      for (let i = 0; i < ids.length; i += size) findings.push(...(await of(ids.slice(i, i + size))).findings);
      return findings;
    },
  };
}

/** The last id of a range with at most `size` rows of each table. The range covers ids that only one table has, too. */
async function endOfRange(tables: Table[], after: string, size: number): Promise<string> {
  const ends = await Promise.all(
    tables.map(async ({ client, table, key }) => {
      const { rows } = await client.query<{ id: string }>(endQuery(table, key), [after, size - 1]);
      return rows[0]?.id ?? LAST;
    }),
  );
  return ends.sort()[0]!;
}

export const endQuery = (table: string, key: string) =>
  `select ${key} as id from ${table} where ${key} > $1 order by ${key} offset $2 limit 1`;

function books(client: ClientBase, { text, key }: (typeof ledgerQueries)['accounts' | 'transactions']): Comparison {
  const ask = async (where: string, values: unknown[]) => {
    const { rows } = await client.query<{ id: string; line: string }>(text.replace('$where', where), values);
    return { orders: 0, findings: rows.map(({ id, line }) => ({ id, lines: [line] })) };
  };
  return {
    between: (after, upTo) => ask(`${key} > $1 and ${key} <= $2`, [after, upTo]),
    of: (ids) => ask(`${key} = any($1)`, [ids]),
  };
}

/** Rules of the ledger itself: transactions sum to zero, balances equal the sum of their entries, booked payments exist. */
export const ledgerQueries = {
  transactions: {
    key: 'id',
    text: `select id, case
             when entries = 0 then format('ledger transaction %s (%s) has no entries', id, reference)
             when cents <> 0 then format('ledger transaction %s sums to %s cents, not to 0', id, cents)
             else format('ledger transaction %s is booked for a payment that does not exist', reference) end as line
           from ledger_transactions t
           cross join lateral (
             select count(*) as entries, sum(amount_cents) as cents from ledger_entries where transaction_id = t.id) e
           where $where and (entries = 0 or cents <> 0 or reference like 'payment:%' and not coalesce((
             select true from payments
             where order_id = case when reference ~ '^payment:${UUID}$' then substr(reference, 9)::uuid end), false))`,
  },
  accounts: {
    key: 'customer_id',
    text: `select customer_id as id,
             format('account %s has a balance of %s cents, but its entries sum to %s', name, balance_cents, cents) as line
           from ledger_accounts a
           cross join lateral (
             select coalesce(sum(amount_cents), 0) as cents from ledger_entries where account = a.name) e
           where $where and balance_cents <> cents`,
  },
} as const;

/** The orders and customers that the transactions of a range concern. */
export async function touchedBy(
  db: Databases,
  after: string,
  upTo: string,
): Promise<{ orders: string[]; customers: string[] }> {
  const { rows } = await db.payments.query<{ order: string | null; customer: string | null }>(touchedQuery, [
    after,
    upTo,
  ]);
  const of = (name: 'order' | 'customer') => [...new Set(rows.flatMap((row) => row[name] ?? []))];
  return { orders: of('order'), customers: of('customer') };
}

export const touchedQuery = `
  select
    case
      when reference ~ '^payment:${UUID}$' then substr(reference, 9)
      when reference ~ '^refund[a-z-]*:${UUID}$'
      then (select order_id::text from refunds where id = right(reference, 36)::uuid)
    end as order,
    (select max(customer_id::text) from ledger_entries join ledger_accounts on name = account where transaction_id = t.id) as customer
  from ledger_transactions t where id > $1 and id <= $2`;

/** The lowest id of that time: ids are UUIDv7 and begin with their time. */
export function idAt(time: Date): string {
  const hex = time.getTime().toString(16).padStart(12, '0');
  return `${hex.slice(0, 8)}-${hex.slice(8)}-0000-0000-000000000000`;
}

export function timeOf(id: string): number {
  return parseInt(id.replace('-', '').slice(0, 12), 16);
}
