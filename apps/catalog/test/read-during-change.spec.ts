import { getDataSourceToken } from '@nestjs/typeorm';
import { catalogRpc } from '@shop/contracts/catalog';
import { poolOf } from '@shop/kit/database';
import type { TestDatabase } from '@shop/kit/testing/stores';
import type { PoolClient } from 'pg';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { createCatalogDatabase, startCatalog, type Catalog } from './catalog-under-test.js';

const MUG = 'morning-stoneware-mug';

let database: TestDatabase;
let shop: Catalog;
beforeAll(async () => {
  database = await createCatalogDatabase();
  // No copy expires during a test.
  shop = await startCatalog(database, { SEED: 'demo', CATALOG_FRESH_MS: '3600000' });
});
afterAll(async () => {
  await shop?.stop();
  await database?.drop();
});

async function raisePrice(): Promise<number> {
  // Read past the shop, which would cache it.
  const [row] = await database.query<{ version: number; priceCents: number }>(
    'select version, price_cents as "priceCents" from products where slug = $1',
    [MUG],
  );
  const priceCents = row!.priceCents + 1;
  await shop.rpc.call(catalogRpc.updateProduct, { product: MUG, version: row!.version, patch: { priceCents } });
  return priceCents;
}

it.each([
  ['a product', () => shop.getProduct(MUG)],
  ['a list', async () => (await shop.list({ q: 'morning mug' })).items[0]],
])('a read of %s that overlaps a change by staff answers with the change', async (_, read) => {
  await raisePrice(); // Empties the cache.
  const pool = poolOf(shop.app.get(getDataSourceToken('catalog')));
  const connect = pool.connect.bind(pool) as (...callback: unknown[]) => Promise<PoolClient>;
  let change = () => {};
  const changed = new Promise<void>((resolve) => (change = resolve));
  let begun = false;
  const hold = (client: PoolClient) => {
    const query = client.query.bind(client) as (statement: unknown) => Promise<unknown>;
    const held = async (statement: { text?: string }) => {
      const result = await query(statement);
      if (begun || !statement.text?.includes('categorySlug')) return result;
      begun = true;
      await changed;
      return result;
    };
    return new Proxy(client, {
      get: (target, key) => (key === 'query' ? held : Reflect.get(target, key, target)) as unknown,
    });
  };
  // Edits by staff use TypeORM, which calls connect() with a callback; those pass.
  const slow = vi
    .spyOn(pool, 'connect')
    .mockImplementation((async (...callback: unknown[]) =>
      callback.length > 0 ? connect(...callback) : hold(await connect())) as never);
  const answer = read();
  await vi.waitUntil(() => begun);
  const priceCents = await raisePrice();
  change();
  expect(await answer).toMatchObject({ slug: MUG, priceCents });
  slow.mockRestore();
});
