// What a paid order costs the databases, counted by Postgres itself.
import { placeReplicas } from '@shop/tools/replicas';
import { startSplit, type Split } from '@shop/tools/split-services';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { freshShop, type FreshShop } from '../fresh-shop.js';
import { Shopper } from '../shopper.js';

const ORDERS = 10;
/** A session reports what it did at most ten seconds after it became idle; the services' own end by then. */
const REPORTED_SECONDS = 10.5;

let shop: FreshShop;
let split: Split;
let server: pg.Client;
let orders: pg.Client;
let databases: string[];

beforeAll(async () => {
  shop = await freshShop(13);
  databases = Object.entries(shop.env)
    .filter(([name]) => name.endsWith('_DATABASE_URL'))
    .map(([, url]) => new URL(url!).pathname.slice(1));
  server = new pg.Client({ connectionString: process.env['TEST_POSTGRES_URL'] });
  orders = new pg.Client({ connectionString: shop.env['ORDERS_DATABASE_URL'] });
  await Promise.all([server.connect(), orders.connect()]);
  await server.query('create extension if not exists pg_stat_statements');
  // Cleaning up costs commits too, and comes when it likes.
  await server.query('alter system set autovacuum = off');
  await server.query('select pg_reload_conf()');
  const quiet = { ORDERS_SWEEP_SECONDS: '30', PAYMENTS_SWEEP_SECONDS: '30', CATALOG_SWEEP_SECONDS: '3600' };
  const places = (await placeReplicas({}, 'free')).filter(({ service }) => service !== 'image-worker');
  split = startSplit({ places, env: { ...shop.env, ...quiet }, logDir: shop.logDir });
  await split.ready();
});
afterAll(async () => {
  await split?.stop();
  await server?.query('alter system reset autovacuum');
  await server?.query('select pg_reload_conf()');
  await Promise.all([server?.end(), orders?.end()]);
  await shop?.remove();
});

/** Statements by text and commits, of all databases of the shop, once every session has reported. */
async function work(): Promise<{ statements: Map<string, number>; commits: number }> {
  const busy = async () =>
    (
      await server.query(
        `select from pg_stat_activity where datname = any($1) and backend_type = 'client backend'
         and (state <> 'idle' or state_change > now() - make_interval(secs => $2))`,
        [databases, REPORTED_SECONDS],
      )
    ).rowCount;
  await expect.poll(busy, { timeout: 60_000, interval: 200 }).toBe(0);
  const { rows } = await server.query<{ query: string; calls: number }>(
    `select query, sum(calls)::integer as calls from pg_stat_statements join pg_database d on d.oid = dbid
     where datname = any($1) group by query`,
    [databases],
  );
  // A session begins with a transaction of its own.
  const committed = await server.query<{ commits: number }>(
    'select sum(xact_commit - sessions)::integer as commits from pg_stat_database where datname = any($1)',
    [databases],
  );
  return { statements: new Map(rows.map(({ query, calls }) => [query, calls])), commits: committed.rows[0]!.commits };
}

test('a paid order of three lines costs at most 24 statements and 8 commits', { timeout: 120_000 }, async () => {
  const sam = new Shopper(split.gateways[0]!);
  await sam.register();
  const { items } = (await sam.get('/api/products?inStock=true&sort=price&limit=3')).body;
  const lines = (items as { id: string }[]).map(({ id }) => ({ productId: id, quantity: 1 }));
  const buy = async () => {
    const placed = await sam.order({ lines, payment: { method: 'card', token: 'tok_ok' } });
    const paid = async () =>
      (await orders.query(`select /* look */ from orders where id = $1 and status = 'paid'`, [placed.body.id]))
        .rowCount;
    await expect.poll(paid, { timeout: 10_000 }).toBe(1);
  };
  // Sweeps, the gateway's look at the customer every 2 s, whatever they do, and our looking on; each is one transaction.
  const isOfOrders = (query: string) => !/skip locked|look|from "?customers/i.test(query);

  await buy(); // connects
  const before = await work();
  for (let i = 0; i < ORDERS; i++) await buy();
  const after = await work();

  const calls = [...after.statements].map(
    ([query, count]) => [query, count - (before.statements.get(query) ?? 0)] as const,
  );
  const count = (of: typeof calls) => of.reduce((sum, [, n]) => sum + n, 0);
  const ours = calls.filter(([query, n]) => n > 0 && isOfOrders(query));
  const commits = after.commits - before.commits - (count(calls) - count(ours));
  console.log(`a paid order: ${count(ours) / ORDERS} statements, ${commits / ORDERS} commits`);
  expect(count(ours) / ORDERS, ours.map(([query]) => query).join('\n')).toBeLessThanOrEqual(24);
  expect(commits / ORDERS).toBeLessThanOrEqual(8);
});
