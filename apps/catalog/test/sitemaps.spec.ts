// The sitemap of more products than one file may list.
import { gunzipSync } from 'node:zlib';
import { catalogRpc } from '@shop/contracts/catalog';
import { MAX_SITEMAP_URLS, type Sitemap } from '@shop/contracts/sitemaps';
import { startProcess } from '@shop/kit/testing/processes';
import { testRedisUrl, type TestDatabase } from '@shop/kit/testing/stores';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { createCatalogDatabase, eventually, refusalOf, startCatalog, type Catalog } from './catalog-under-test.js';

let database: TestDatabase;
let running: Catalog[] = [];

beforeAll(async () => {
  database = await createCatalogDatabase();
  const shop = await startCatalog(database, { CATALOG_SWEEP_SECONDS: '3600' });
  await shop.rpc.call(catalogRpc.createCategory, { slug: 'desk', name: 'Desk' });
  await shop.stop();
  // These make inserting many products slow, and are not needed here.
  await database.query('drop index products_by_filters, products_by_search');
});
afterEach(async () => {
  await Promise.all(running.map((shop) => shop.stop()));
  running = [];
});
afterAll(() => database?.drop());

async function start(env: Record<string, string> = { CATALOG_SWEEP_SECONDS: '0.1' }): Promise<Catalog> {
  const shop = await startCatalog(database, env);
  running.push(shop);
  return shop;
}

/** Every tenth is hidden. With `mixed`, their ids are spread over the whole range. */
async function addProducts(count: number, { mixed = false } = {}): Promise<void> {
  await database.query(
    `insert into products (id, slug, name, description, category_id, price_cents, stock, hidden)
     select (case when $2 then left(md5(n::text), 12) else lpad(to_hex(1500000000000 + n), 12, '0') end || '7000' ||
         '8' || left(md5(random()::text), 15))::uuid,
       'thing-' || $3 || '-' || n, 'Thing', '', c.id, 100, 5, n % 10 = 0
     from categories c, generate_series(1, $1::integer) n`,
    [count, mixed, mixed ? 'mixed' : 'first'],
  );
}

async function preparedAgain(): Promise<void> {
  await database.query(`update sitemap_parts set due_at = '-infinity'`);
  await eventually(async () => {
    const [row] = await database.query(`select from sitemap_parts where due_at = '-infinity' or changed_at is null`);
    expect(row).toBeUndefined();
  });
  // The last claimed part is still being prepared.
  await Promise.all(running.map((shop) => shop.stop()));
  running = [];
}

const sitemapOf = (shop: Catalog): Promise<Sitemap> => shop.rpc.call(catalogRpc.getSitemap, {});

async function linesOf(shop: Catalog, part: number): Promise<string[]> {
  const { body } = await shop.rpc.call(catalogRpc.getSitemapPart, { part });
  return gunzipSync(body).toString().split('\n');
}

async function expectExact(shop: Catalog): Promise<number[]> {
  const { parts } = await sitemapOf(shop);
  const slugs: string[] = [];
  for (const { part } of parts!) {
    const lines = await linesOf(shop, part);
    expect(lines.length).toBeLessThanOrEqual(MAX_SITEMAP_URLS);
    slugs.push(...lines.map((line) => line.split(' ')[0]!));
  }
  const visible = await database.query<{ slug: string }>('select slug from products where not hidden');
  expect(slugs.sort()).toEqual(visible.map(({ slug }) => slug).sort());
  return parts!.map(({ part }) => part);
}

it('is not answered before it has been prepared', async () => {
  const shop = await start({ CATALOG_SWEEP_SECONDS: '3600' });
  expect(await sitemapOf(shop)).toEqual({ parts: null });
  expect(await refusalOf(linesOf(shop, 1))).toMatchObject({ code: 'not_found' });
});

it('has no parts in a shop without products', async () => {
  const shop = await start();
  await eventually(async () => expect(await sitemapOf(shop)).toEqual({ parts: [] }));
});

it('follows changes by staff within seconds in a small shop', async () => {
  const shop = await start();
  const product = { name: 'Walnut desk', description: '', category: 'desk', priceCents: 100, stock: 1 };
  const { id, slug, version } = await shop.rpc.call(catalogRpc.createProduct, product);
  await eventually(async () => expect((await sitemapOf(shop)).parts).toHaveLength(1));
  expect(await linesOf(shop, 1)).toEqual([
    expect.stringMatching(new RegExp(`^${slug} \\d{4}-\\d\\d-\\d\\dT[\\d:]{8}Z$`)),
  ]);
  await shop.rpc.call(catalogRpc.updateProduct, { product: id, version, patch: { hidden: true } });
  await eventually(async () => expect(await sitemapOf(shop)).toEqual({ parts: [] }));
});

it('is complete only when every part has been prepared, even if the preparing process is killed', async () => {
  await addProducts(111_112);
  await database.query('truncate sitemap_parts');
  await database.query(`insert into sitemap_parts (after) values ('00000000-0000-0000-0000-000000000000')`);
  const redis = testRedisUrl(4);
  const env = { CATALOG_DATABASE_URL: database.url, REDIS_STATE_URL: redis, REDIS_CACHE_URL: redis, RPC_PORT: '0' };
  const crash = { FAIL_POINT: 'catalog.sitemap.after-writing-part', CATALOG_SWEEP_SECONDS: '0.5' };
  const dying = await startProcess('catalog', { ...env, ...crash, LOG_LEVEL: 'info' });
  expect(await dying.exited).toEqual([null, 'SIGKILL']);

  const shop = await start();
  const written = await database.query<{ lines: boolean }>('select lines is not null as lines from sitemap_parts');
  expect(written.map(({ lines }) => lines).sort()).toEqual([false, true]);
  expect(await sitemapOf(shop)).toEqual({ parts: null });
  // End the lease of the killed process.
  await database.query('update sitemap_parts set due_at = now() where lines is null');
  await eventually(async () => expect((await sitemapOf(shop)).parts).toHaveLength(3));
  await expectExact(shop);
});

it('lists every product exactly once after many were added, hidden and removed, and its parts keep their numbers', async () => {
  const before = await sitemapOf(await start({ CATALOG_SWEEP_SECONDS: '3600' }));
  await addProducts(70_000, { mixed: true });
  await database.query('update products set hidden = not hidden where abs(hashtext(slug)) % 7 = 0');
  await database.query('delete from products where abs(hashtext(slug)) % 11 = 0');
  // Two replicas share the work.
  await start();
  await start();
  await preparedAgain();
  const parts = await expectExact(await start({ CATALOG_SWEEP_SECONDS: '3600' }));
  expect(parts).toEqual(expect.arrayContaining(before.parts!.map(({ part }) => part)));
});

it('is not written again when nothing changed', async () => {
  const before = await sitemapOf(await start());
  await preparedAgain();
  expect(await sitemapOf(await start({ CATALOG_SWEEP_SECONDS: '3600' }))).toEqual(before);
});
