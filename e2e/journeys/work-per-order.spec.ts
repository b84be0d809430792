// The statements and commits of a paid order, counted by Postgres.
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startShop, type Shop } from '../shop.js';

const ORDERS = 10;
/** Postgres sessions report their statistics at most ten seconds after they become idle. */
const REPORTED_SECONDS = 10.5;

let shop: Shop;
let server: pg.Client;
let databases: string[];

beforeAll(async () => {
  server = new pg.Client({ connectionString: process.env['TEST_POSTGRES_URL'] });
  await server.connect();
  await server.query('create extension if not exists pg_stat_statements');
  // Autovacuum would add commits at any time.
  await server.query('alter system set autovacuum = off');
  await server.query('select pg_reload_conf()');
  const quiet = { ORDERS_SWEEP_SECONDS: '30', PAYMENTS_SWEEP_SECONDS: '30', CATALOG_SWEEP_SECONDS: '3600' };
  shop = await startShop({ replicas: { 'image-worker': 0 }, env: quiet });
  databases = Object.values(shop.databases).map(({ url }) => new URL(url).pathname.slice(1));
});
afterAll(async () => {
  await server?.query('alter system reset autovacuum');
  await server?.query('select pg_reload_conf()');
  await server?.end();
  await shop?.stop();
});

/** The number of statements by text and of commits, in all databases of the shop, once every session has reported. */
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
  // Every session starts with a transaction of its own.
  const committed = await server.query<{ commits: number }>(
    'select sum(xact_commit - sessions)::integer as commits from pg_stat_database where datname = any($1)',
    [databases],
  );
  return { statements: new Map(rows.map(({ query, calls }) => [query, calls])), commits: committed.rows[0]!.commits };
}

test('a paid order of three lines costs at most 24 statements and 8 commits', { timeout: 120_000 }, async () => {
  const sam = shop.shopper();
  await sam.register();
  const { items } = (await sam.get('/api/products?inStock=true&sort=price&limit=3')).body;
  const lines = (items as { id: string }[]).map(({ id }) => ({ productId: id, quantity: 1 }));
  const buy = async () => {
    const placed = await sam.order({ lines, payment: { method: 'card', token: 'tok_ok' } });
    const paid = async () =>
      (
        await shop.databases.orders.query(`select /* look */ from orders where id = $1 and status = 'paid'`, [
          placed.body.id,
        ])
      ).length;
    await expect.poll(paid, { timeout: 10_000 }).toBe(1);
  };
  // Not counted: sweeps, the gateway's check of the customer every 2 s, and this test's own queries; each is one transaction.
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
