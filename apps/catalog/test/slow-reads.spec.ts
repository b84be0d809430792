// Reads that take longer than their result stays fresh.
import { catalogRpc } from '@shop/contracts/catalog';
import { testRedisUrl, type TestDatabase } from '@shop/kit/testing/stores';
import { Redis } from 'ioredis';
import pg from 'pg';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { createCatalogDatabase, eventually, startCatalog, type Catalog } from './catalog-under-test.js';

const MUG = 'morning-stoneware-mug';
const FRESH_MS = 50;

let database: TestDatabase;
let holder: pg.Client;
let shop: Catalog;

beforeAll(async () => {
  database = await createCatalogDatabase();
  await database.query('create extension if not exists pg_stat_statements');
  shop = await startCatalog(database, { SEED: 'demo', CATALOG_FRESH_MS: String(FRESH_MS) });
  holder = new pg.Client(database.url);
  await holder.connect();
});
beforeEach(async () => {
  const redis = new Redis(testRedisUrl(4));
  await redis.flushdb();
  redis.disconnect();
});
afterAll(async () => {
  await holder?.end();
  await shop?.stop();
  await database?.drop();
});

const reads = [
  ['a product', () => shop.rpc.call(catalogRpc.getProduct, { product: MUG })],
  ['a list', () => shop.rpc.call(catalogRpc.listProducts, { sort: 'name', limit: 24 })],
  ['the categories', () => shop.rpc.call(catalogRpc.listCategories, {})],
] as const;

/** Blocks every read of products and of categories. */
async function hold(): Promise<void> {
  await holder.query('begin');
  await holder.query('lock table categories in access exclusive mode');
}

async function waiting(): Promise<number> {
  const [row] = await database.query<{ count: number }>(
    `select count(*)::integer from pg_locks
     where not granted and relation = 'categories'::regclass`,
  );
  return row!.count;
}

/** The number of statements that read categories. */
async function statements(): Promise<number> {
  const [row] = await database.query<{ calls: number }>(
    `select coalesce(sum(calls), 0)::integer as calls from pg_stat_statements join pg_database d on d.oid = dbid
     where datname = current_database() and query like '%categories c%' and query not like '%pg_stat_statements%'`,
  );
  return row!.calls;
}

const times = <T>(count: number, make: () => Promise<T>) => Promise.all(Array.from({ length: count }, make));

it.each(reads)('%s that is slow to read is read once for all concurrent callers, and cached', async (_, read) => {
  // Empties the cache.
  await shop.rpc.call(catalogRpc.createCategory, { slug: `c${Date.now()}`, name: 'New' });
  await hold();
  await database.query('select pg_stat_statements_reset()');
  const startedAt = performance.now();
  const answers = times(200, read);
  await eventually(async () => expect(await waiting()).toBe(1));
  await eventually(() => expect(performance.now() - startedAt).toBeGreaterThan(20 * FRESH_MS));
  expect(await waiting()).toBe(1);
  await holder.query('commit');
  const [first, ...others] = await answers;
  for (const other of others) expect(other).toEqual(first);
  for (const later of await times(50, read)) expect(later).toEqual(first);
  expect(await statements()).toBe(1);
});

it.each(reads)('%s is answered with the stale copy while reading it again is slow', async (_, read) => {
  const before = await read();
  await hold();
  try {
    await eventually(async () => {
      await read();
      expect(await waiting()).toBe(1);
    });
    // Longer than the deadline: without the stale copy all of these would fail.
    const heldAt = performance.now();
    while (performance.now() - heldAt < 3000) {
      for (const answer of await times(50, read)) expect(answer).toEqual(before);
      expect(await waiting()).toBeLessThanOrEqual(1);
    }
  } finally {
    await holder.query('commit');
  }
});

it('a change by staff is never answered with the copy from before it, even when reading is slow', async () => {
  const { version, priceCents } = await shop.getProduct(MUG);
  await shop.rpc.call(catalogRpc.updateProduct, { product: MUG, version, patch: { priceCents: priceCents + 1 } });
  await hold();
  const answer = shop.getProduct(MUG);
  await eventually(async () => expect(await waiting()).toBe(1));
  await holder.query('commit');
  expect(await answer).toMatchObject({ priceCents: priceCents + 1 });
});
