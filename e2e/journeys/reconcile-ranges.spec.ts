// Reconciling reads ranges of ids: all of them in one run, or in rounds that each continue where the previous one ended.
import { randomUUID } from 'node:crypto';
import {
  reconcile,
  reconcileRound,
  firstProgress,
  type Progress,
  type ReconcileOptions,
} from '@shop/tools/reconcile/reconciliation';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { startShop, type Shop } from '../shop.js';
import { writeHistory } from './shop-history.js';

vi.setConfig({ testTimeout: 120_000 }); // each round asks the provider, with a process of its own

const ORDERS = 6000;
const WINDOW = 1000;

let shop: Shop;
let ids: string[];
let options: ReconcileOptions;

beforeAll(async () => {
  // Only its tables are needed.
  shop = await startShop({ env: { SEED: 'none' } });
  await shop.halt();
  ids = await writeHistory(shop.databases, ORDERS);
  const urls = { orders: url('orders'), catalog: url('catalog'), payments: url('payments') };
  options = { urls, graceSeconds: 0, stuckSeconds: 3600, sinceDays: 7, window: WINDOW };
});
afterAll(() => shop?.stop());

const url = (name: 'orders' | 'catalog' | 'payments') => shop.databases[name].url;

/** Runs rounds until a pass has read everything, or all orders; each round as in a new process. */
async function pass(what: 'everything' | 'orders') {
  const lines: string[][] = [];
  for (let progress = firstProgress(); ;) {
    const round = await reconcileRound(options, progress);
    lines.push(round.disagreements);
    progress = JSON.parse(JSON.stringify(round.next)) as Progress;
    if (round.passSince || (what === 'orders' && progress.pass.stream !== 'orders')) return { lines, progress };
  }
}

async function rowsRead() {
  const tables = Object.entries({
    orders: ['orders'],
    catalog: ['reservations'],
    payments: ['payments', 'ledger_transactions', 'ledger_entries', 'fake_charges'],
  }) as ['orders' | 'catalog' | 'payments', string[]][];
  const read = { sequentially: 0, byIndex: 0 };
  for (const [database, names] of tables) {
    const rows = await shop.databases[database].query<{ seq: number; idx: number }>(
      `select seq_tup_read::int as seq, coalesce(idx_tup_fetch, 0)::int as idx from pg_stat_user_tables where relname = any($1)`,
      [names],
    );
    for (const { seq, idx } of rows) {
      read.sequentially += seq;
      read.byIndex += idx;
    }
  }
  return read;
}

test('a full run reads everything once, by index, and finds no disagreement', async () => {
  const before = await rowsRead();
  const { orders, disagreements } = await reconcile(options);
  expect({ orders, disagreements }).toEqual({ orders: ORDERS, disagreements: [] });
  const after = await rowsRead();
  expect(after.sequentially - before.sequentially).toBe(0);
  // An order has 6 rows; the ends of ranges and the ledger are read as well.
  expect(after.byIndex - before.byIndex).toBeLessThan(ORDERS * 20);
});

test('a full run can start at an id, stop and resume', async () => {
  expect(await reconcile(options, { from: ids[ORDERS / 2 - 1]! })).toMatchObject({ orders: ORDERS / 2 });
  const end = new AbortController();
  const first = await reconcile(options, { end: end.signal, progress: (_, orders) => orders >= 2000 && end.abort() });
  expect(first).toMatchObject({ orders: 2000, stoppedAt: ids[1999] });
  const second = await reconcile(options, { from: first.stoppedAt });
  expect(second.orders).toBe(ORDERS - 2000);
});

test('each round reads one range, until a pass is complete', async () => {
  const before = await rowsRead();
  const { lines, progress } = await pass('everything');
  expect(lines.length).toBeGreaterThanOrEqual(ORDERS / WINDOW);
  expect(lines.length).toBeLessThanOrEqual(ORDERS / WINDOW + 2);
  expect(lines.flat()).toEqual([]);
  expect(progress.passedAt).toBeDefined();
  const after = await rowsRead();
  expect(after.sequentially - before.sequentially).toBe(0);
  expect((after.byIndex - before.byIndex) / lines.length).toBeLessThan(WINDOW * 20);
});

test('an order that one database lacks is found at any id, and reported until the databases agree', async () => {
  const { orders, catalog, payments } = shop.databases;
  const [lost, strange, unpaid] = [ids[1700]!, randomUUID(), ids[5100]!];
  await orders.query('create table kept as select * from orders where id = $1', [lost]);
  await orders.query('delete from orders where id = $1', [lost]);
  await catalog.query(
    `insert into reservations (order_id, status, lines, total_cents) values ($1, 'confirmed', '[]', 1)`,
    [strange],
  );
  await payments.query(
    `update payments set status = 'declined', reason = 'card_declined', charge_id = null where order_id = $1`,
    [unpaid],
  );
  const expected = [
    `order ${lost} is unknown to orders, but its goods are confirmed`,
    `order ${lost} is unknown to orders, but its payment is paid`,
    `order ${strange} is unknown to orders, but its goods are confirmed`,
    `order ${unpaid} is booked 1 times, not 0`,
    `order ${unpaid} is paid, but its payment is declined`,
  ].sort();
  expect((await reconcile(options)).disagreements.sort()).toEqual(expected);
  const { lines, progress } = await pass('orders');
  const first = lines.findIndex((each) => each.some((line) => line.includes(lost)));
  expect(first).toBeGreaterThan(0);
  for (const each of lines.slice(first))
    expect(each).toContain(`order ${lost} is unknown to orders, but its payment is paid`);
  expect(lines.at(-1)!.sort()).toEqual(expected);

  await orders.query('insert into orders select * from kept');
  await catalog.query('delete from reservations where order_id = $1', [strange]);
  await payments.query(`update payments set status = 'paid', reason = null, charge_id = 'fake' where order_id = $1`, [
    unpaid,
  ]);
  const mended = await reconcileRound(options, progress);
  expect(mended.disagreements).toEqual([]);
  expect(mended.next.disagreeing.orders).toEqual([]);
});

test('a round checks orders in progress until they are final, and everything booked since the last round', async () => {
  const { orders, payments } = shop.databases;
  const progress = firstProgress();
  const [stuck, refunded] = [ids[10]!, ids[5500]!];
  // Before the range that the next rounds read.
  await orders.query(`update orders set status = 'pending', next_sweep_at = now() where id = $1`, [stuck]);
  const refund = randomUUID();
  await payments.query(
    `insert into refunds (id, order_id, idempotency_key, amount_cents, reason, status, next_attempt_at, settled_at)
     values ($1, $2, 'k', 100, 'broken', 'refunded', null, now())`,
    [refund, refunded],
  );
  await payments.query(
    `with booked as (
       insert into ledger_transactions (id, reference)
       select (lpad(to_hex((extract(epoch from now()) * 1000)::bigint), 12, '0') || '70008000000000000000')::uuid, 'refund:' || $1::text
       returning id)
     insert into ledger_entries (transaction_id, account, amount_cents)
     select id, account, cents from booked, (values ('sales', -100), ('provider:fake', 100)) side (account, cents)`,
    [refund],
  );
  const pastIt = { ...progress, pass: { ...progress.pass, after: ids[2000]! } };
  const round = await reconcileRound(options, pastIt);
  expect(round.disagreements).toEqual([
    expect.stringContaining(`order ${stuck} is pending, but its goods are confirmed`),
    expect.stringContaining(`order ${stuck} is pending, but its payment is paid`),
    expect.stringContaining(`order ${stuck} has been pending for`),
    `order ${refunded} has 0 cents refunded, but payments refunded 100`,
  ]);
  // The order is final but not paid: an order of an earlier round is checked once more.
  const calm = { ...round.next, disagreeing: { orders: [], transactions: [], accounts: [] } };
  await orders.query(
    `update orders set status = 'rejected', reason = 'card_declined', next_sweep_at = null where id = $1`,
    [stuck],
  );
  await orders.query('update orders set refunded_cents = 100 where id = $1', [refunded]);
  const next = await reconcileRound(options, calm);
  expect(next.disagreements).toEqual(
    expect.arrayContaining([`order ${stuck} is rejected, but its goods are confirmed`]),
  );
  expect(next.disagreements.filter((line) => line.includes(refunded))).toEqual([]);
});

test('a stopped full run has compared the ledger up to the same id as the orders', async () => {
  const strays = [ids[100]!, ids[3000]!].map((id) => ({
    id: `${id.slice(0, -4)}beef`,
    reference: `payment:${randomUUID()}`,
  }));
  for (const { id, reference } of strays)
    await shop.databases.payments.query(
      `with booked as (insert into ledger_transactions (id, reference) values ($1, $2) returning id)
       insert into ledger_entries (transaction_id, account, amount_cents)
       select id, account, cents from booked, (values ('sales', 1), ('provider:fake', -1)) side (account, cents)`,
      [id, reference],
    );
  const found = ({ disagreements }: { disagreements: string[] }) =>
    disagreements.flatMap((line) => /^ledger transaction (\S+) is booked/.exec(line)?.[1] ?? []);
  const end = new AbortController();
  const first = await reconcile(options, { end: end.signal, progress: (_, orders) => orders >= 2000 && end.abort() });
  expect(found(first)).toEqual([strays[0]!.reference]);
  expect(found(await reconcile(options, { from: first.stoppedAt }))).toEqual([strays[1]!.reference]);
});
