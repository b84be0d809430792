// Compares what orders, catalog, payments and the payment provider have written down about the same orders. It only reads.
import pg from 'pg';
import { setTimeout as sleep } from 'node:timers/promises';
import { listCharges, type Listing } from './provider-charges.ts';
import { disagreementsOf, type OrderFacts } from './reconciliation-rules.ts';

export interface ReconcileOptions {
  /** Address per database: `orders`, `catalog`, `payments`. */
  urls: Record<'orders' | 'catalog' | 'payments', string>;
  /** What disagrees is looked at again after so many seconds: what is under way agrees by then. */
  graceSeconds: number;
  /** An order that is not final, or a refund that is not done, after so many seconds is told too. */
  stuckSeconds: number;
  /** The provider's charges of so many days are compared, and what was given back of them. */
  sinceDays: number;
}

export interface Reconciliation {
  orders: number;
  /** The providers' charges that were compared. */
  listing: Listing;
  /** A line each. */
  disagreements: string[];
}

/** Orders at a time, so that memory does not grow with the shop. */
const WINDOW = 5000;
const FIRST = '00000000-0000-0000-0000-000000000000';
const LAST = 'ffffffff-ffff-ffff-ffff-ffffffffffff';

type Databases = Record<'orders' | 'catalog' | 'payments', pg.Client>;

export async function reconcile({ urls, graceSeconds, ...options }: ReconcileOptions): Promise<Reconciliation> {
  const db = Object.fromEntries(
    Object.entries(urls).map(([name, url]) => [
      name,
      new pg.Client({
        connectionString: url,
        application_name: 'reconcile',
        options: '-c default_transaction_read_only=on',
      }),
    ]),
  ) as Databases;
  try {
    for (const client of Object.values(db)) {
      client.on('error', () => {}); // lost while it waits for the provider's list: its next query says so
      await client.connect();
    }
    const listing = await listOf(db.payments, urls.payments, options.sinceDays);
    const disagreements = [...listing.missing, ...(await ledgerDisagreements(db.payments))];
    const result: Reconciliation = { orders: 0, listing, disagreements };
    const told = (fact: OrderFacts) => disagreementsOf(fact, listing, options.stuckSeconds);
    const suspects: string[] = [];
    const nobodys = new Set(listing.charges.keys());
    for (let after = FIRST; after !== LAST;) {
      const upTo = await endOfWindow(db, after);
      const facts = await factsBetween(db, after, upTo);
      result.orders += facts.length;
      for (const fact of facts) {
        nobodys.delete(fact.id);
        if (told(fact).length > 0) suspects.push(fact.id);
      }
      after = upTo;
    }
    suspects.push(...nobodys);
    if (suspects.length > 0) {
      await sleep(graceSeconds * 1000);
      for (let i = 0; i < suspects.length; i += WINDOW)
        for (const fact of await factsOf(db, suspects.slice(i, i + WINDOW))) result.disagreements.push(...told(fact));
    }
    return result;
  } finally {
    await Promise.allSettled(Object.values(db).map((client) => client.end()));
  }
}

async function listOf(payments: pg.Client, url: string, days: number): Promise<Listing> {
  const range = `select now() - make_interval(secs => 86400 * $1) as "from", now() as "to"`;
  const { from, to } = (await payments.query<{ from: Date; to: Date }>(range, [days])).rows[0]!;
  return listCharges(url, from, to);
}

/** The highest order id of a window that has at most WINDOW rows of each table. */
async function endOfWindow(db: Databases, after: string): Promise<string> {
  const tables = [
    [db.orders, 'orders', 'id'],
    [db.catalog, 'reservations', 'order_id'],
    [db.payments, 'payments', 'order_id'],
  ] as const;
  const ends = await Promise.all(
    tables.map(async ([client, table, key]) => {
      const text = `select ${key} as id from ${table} where ${key} > $1 order by ${key} offset ${WINDOW - 1} limit 1`;
      return ((await client.query<{ id: string }>(text, [after])).rows[0]?.id ?? LAST) as string;
    }),
  );
  return ends.sort()[0]!;
}

/** Everything known of the orders with an id in (after, upTo], in whichever database. */
async function factsBetween(db: Databases, after: string, upTo: string): Promise<OrderFacts[]> {
  return gather(db, (key) => `${key} > $1 and ${key} <= $2`, [after, upTo]);
}

async function factsOf(db: Databases, ids: string[]): Promise<OrderFacts[]> {
  const known = await gather(db, (key) => `${key} = any($1)`, [ids]);
  const found = new Set(known.map(({ id }) => id));
  return [...known, ...ids.filter((id) => !found.has(id)).map((id) => ({ id }))];
}

async function gather(db: Databases, where: (key: string) => string, values: unknown[]): Promise<OrderFacts[]> {
  const facts = new Map<string, OrderFacts>();
  const collect = async (name: keyof typeof queries) => {
    const { from, text, key } = queries[name];
    const { rows } = await db[from].query<{ id: string }>(text.replace('$where', where(key)), values);
    for (const { id, ...row } of rows) {
      const fact = facts.get(id) ?? { id };
      facts.set(id, Object.assign(fact, { [name]: row }));
    }
  };
  // Who acts later is read first: what was done for an order is never seen without the order that asked for it.
  for (const name of ['refunds', 'booking', 'payment', 'reservation', 'order'] as const) await collect(name);
  return [...facts.values()];
}

const queries = {
  order: {
    from: 'orders',
    key: 'id',
    text: `select id, status, reason, total_cents::float8 as "totalCents", refunded_cents::float8 as "refundedCents", payment->>'method' as method,
             extract(epoch from now() - created_at)::float8 as "ageSeconds",
             (select coalesce(jsonb_object_agg(line->>'productId', line->'quantity'), '{}') from jsonb_array_elements(lines) line) as quantities
           from orders where $where`,
  },
  reservation: {
    from: 'catalog',
    key: 'order_id',
    text: `select order_id as id, status, total_cents::float8 as "totalCents",
             (select coalesce(jsonb_object_agg(line->>'productId', line->'quantity'), '{}') from jsonb_array_elements(lines) line) as quantities
           from reservations where $where`,
  },
  payment: {
    from: 'payments',
    key: 'order_id',
    text: `select order_id as id, status, amount_cents::float8 as "amountCents", payment->>'method' as method,
             charge_id as "chargeId", created_at as "createdAt", settled_at as "settledAt" from payments where $where`,
  },
  booking: {
    from: 'payments',
    key: 'order_id',
    text: `select order_id as id, count(distinct t.id)::int as transactions,
             sum(e.amount_cents) filter (where account = 'sales')::float8 as "salesCents",
             max(substr(account, 10)) filter (where account like 'provider:%') as provider
           from payments join ledger_transactions t on t.reference = 'payment:' || order_id
           left join ledger_entries e on transaction_id = t.id where $where group by 1`,
  },
  refunds: {
    from: 'payments',
    key: 'order_id',
    text: `select order_id as id, json_agg(json_build_object(
             'status', status, 'amountCents', amount_cents, 'settledAt', settled_at,
             'undoneSeconds', case when next_attempt_at is null then 0 else extract(epoch from now() - created_at) end,
             'bookedCents', (select coalesce(sum(-e.amount_cents), 0) from ledger_transactions t join ledger_entries e on transaction_id = t.id
                             where t.reference in ('refund:' || r.id, 'refund-failed:' || r.id) and account = 'sales'))) as "all"
           from refunds r where $where group by 1`,
  },
} as const;

/** What no order is needed for: each transaction sums to zero, each kept balance is its account's entries, nothing is booked for an unknown payment. */
async function ledgerDisagreements(payments: pg.Client): Promise<string[]> {
  const lines = async (text: string) => (await payments.query<{ line: string }>(text)).rows.map(({ line }) => line);
  return [
    ...(await lines(
      `select format('ledger transaction %s sums to %s cents, not to 0', transaction_id, sum(amount_cents)) as line
       from ledger_entries group by transaction_id having sum(amount_cents) <> 0`,
    )),
    ...(await lines(
      `select format('ledger transaction %s (%s) has no entries', id, reference) as line
       from ledger_transactions t where not exists (select from ledger_entries where transaction_id = t.id)`,
    )),
    ...(await lines(
      `select format('account %s has a balance of %s cents, but its entries sum to %s', name, balance_cents, coalesce(cents, 0)) as line
       from ledger_accounts left join (select account, sum(amount_cents) as cents from ledger_entries group by account) e on account = name
       where balance_cents <> coalesce(cents, 0)`,
    )),
    ...(await lines(
      `select format('ledger transaction %s is booked for a payment that does not exist', reference) as line
       from ledger_transactions where reference like 'payment:%'
         and not exists (select from payments where reference = 'payment:' || order_id)`,
    )),
  ];
}
