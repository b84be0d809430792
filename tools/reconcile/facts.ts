// Reads the records of orders from the databases of orders, catalog and payments, by ranges of ids or by id. All queries are
// read-only and walk an index.
import pg from 'pg';
import type { OrderFacts } from './rules.ts';

export type Urls = Record<'orders' | 'catalog' | 'payments', string>;
export type Databases = Record<keyof Urls, pg.Client>;

export async function connect(urls: Urls): Promise<Databases> {
  const entries = Object.entries(urls).map(([name, connectionString]) => {
    const options = '-c default_transaction_read_only=on';
    return [name, new pg.Client({ connectionString, options, application_name: 'reconcile' })] as const;
  });
  const db = Object.fromEntries(entries) as Databases;
  for (const client of Object.values(db)) {
    client.on('error', () => {}); // a connection lost between queries makes the next query fail
    await client.connect().catch(async (error: unknown) => {
      await disconnect(db);
      throw error;
    });
  }
  return db;
}

export async function disconnect(db: Databases): Promise<void> {
  await Promise.allSettled(Object.values(db).map((client) => client.end()));
}

/** The records of all orders with an id in (after, upTo] in any of the databases. */
export function factsBetween(db: Databases, after: string, upTo: string): Promise<OrderFacts[]> {
  const where = (key: string) => `${key} > $1 and ${key} <= $2`;
  return gather(db, where, (prefix) => [prefix + after, prefix + upTo]);
}

/** One result for each id, even without records. */
export async function factsOf(db: Databases, ids: string[]): Promise<OrderFacts[]> {
  const where = (key: string) => `${key} = any($1)`;
  const known = await gather(db, where, (prefix) => [ids.map((id) => prefix + id)]);
  const found = new Set(known.map(({ id }) => id));
  return [...known, ...ids.filter((id) => !found.has(id)).map((id) => ({ id }))];
}

async function gather(
  db: Databases,
  where: (key: string) => string,
  values: (prefix: string) => unknown[],
): Promise<OrderFacts[]> {
  const read = async (name: keyof typeof queries) => {
    const { from, key, prefix, text } = queries[name];
    return (await db[from].query<{ id: string }>(text.replace('$where', where(key)), values(prefix))).rows;
  };
  // Read in reverse order of writing, so that no record is seen without the order that caused it.
  const refunds = await read('refunds');
  const booking = await read('booking');
  const payment = await read('payment');
  const reservation = await read('reservation');
  const order = await read('order');
  const facts = new Map<string, OrderFacts>();
  for (const [name, rows] of Object.entries({ order, reservation, payment, refunds, booking }))
    for (const { id, ...row } of rows) {
      // The stream of transactions reports bookings without a payment.
      if (name === 'booking' && !facts.get(id)?.payment) continue;
      facts.set(id, Object.assign(facts.get(id) ?? { id }, { [name]: row }));
    }
  return [...facts.values()];
}

export const UUID = '[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}';

// Sums over other tables are subqueries, evaluated row by row through an index; a join might read a whole table.
export const queries = {
  order: {
    from: 'orders',
    key: 'id',
    prefix: '',
    text: `select id, status, reason, total_cents::float8 as "totalCents", refunded_cents::float8 as "refundedCents", payment->>'method' as method,
             extract(epoch from now() - created_at)::float8 as "ageSeconds",
             (select coalesce(jsonb_object_agg(line->>'productId', line->'quantity'), '{}') from jsonb_array_elements(lines) line) as quantities
           from orders where $where`,
  },
  reservation: {
    from: 'catalog',
    key: 'order_id',
    prefix: '',
    text: `select order_id as id, status, total_cents::float8 as "totalCents",
             (select coalesce(jsonb_object_agg(line->>'productId', line->'quantity'), '{}') from jsonb_array_elements(lines) line) as quantities
           from reservations where $where`,
  },
  payment: {
    from: 'payments',
    key: 'order_id',
    prefix: '',
    text: `select order_id as id, status, amount_cents::float8 as "amountCents", payment->>'method' as method,
             charge_id as "chargeId", created_at as "createdAt", settled_at as "settledAt" from payments where $where`,
  },
  booking: {
    from: 'payments',
    key: 'reference',
    prefix: 'payment:',
    text: `select substr(reference, 9) as id, 1 as transactions, entries.*
           from ledger_transactions t cross join lateral (
             select sum(amount_cents) filter (where account = 'sales')::float8 as "salesCents",
                    max(substr(account, 10)) filter (where account like 'provider:%') as provider
             from ledger_entries where transaction_id = t.id) entries
           where $where and reference ~ '^payment:${UUID}$'`,
  },
  refunds: {
    from: 'payments',
    key: 'order_id',
    prefix: '',
    text: `select order_id as id, json_agg(json_build_object(
             'status', status, 'amountCents', amount_cents, 'settledAt', settled_at,
             'undoneSeconds', case when next_attempt_at is null then 0 else extract(epoch from now() - created_at) end,
             'bookedCents', (select coalesce(sum(-e.amount_cents), 0) from ledger_transactions t join ledger_entries e on transaction_id = t.id
                             where t.reference in ('refund:' || r.id, 'refund-failed:' || r.id) and account = 'sales'))) as "all"
           from refunds r where $where group by 1`,
  },
} as const;

/** Unfinished orders, the oldest first, at most `limit` from each table. */
export async function underWay(db: Databases, limit: number): Promise<string[]> {
  const ids = await Promise.all(
    underWayQueries.map(async ({ from, text }) => (await db[from].query<{ id: string }>(text, [limit])).rows),
  );
  return ids.flat().map(({ id }) => id);
}

export const underWayQueries = [
  {
    from: 'orders',
    text: 'select id from orders where next_sweep_at is not null order by next_sweep_at limit $1',
  },
  {
    from: 'catalog',
    text: `select order_id as id from reservations where status = 'held' order by expires_at limit $1`,
  },
  {
    from: 'payments',
    text: 'select order_id as id from payments where next_attempt_at is not null order by next_attempt_at limit $1',
  },
  {
    from: 'payments',
    text: 'select order_id as id from refunds where next_attempt_at is not null order by next_attempt_at limit $1',
  },
] as const;
