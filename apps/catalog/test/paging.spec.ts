import type { ProductSummary } from '@shop/contracts/products';
import { ProductSort } from '@shop/contracts/products';
import type { TestDatabase } from '@shop/kit/testing/stores';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { writeCursor } from '../src/products/list-cursor.js';
import {
  createCatalogDatabase,
  refusalOf,
  refusedField,
  startCatalog,
  type Catalog,
  type ListQuery,
} from './catalog-under-test.js';

let database: TestDatabase;
let shop: Catalog;

beforeAll(async () => {
  database = await createCatalogDatabase();
  shop = await startCatalog(database, { SEED: 'demo' });
  // Many products share a price, and two a name, so that ids must tell them apart.
  await database.query(`update products set price_cents = 2500 where price_cents < 4000`);
  await database.query(`update products set name = 'Same' where slug like 'w%'`);
});
afterAll(async () => {
  await shop?.stop();
  await database?.drop();
});

async function walk(query: ListQuery): Promise<ProductSummary[]> {
  const all: ProductSummary[] = [];
  let cursor = query.cursor;
  do {
    const page = await shop.list({ ...query, cursor });
    all.push(...page.items);
    cursor = page.nextCursor ?? undefined;
  } while (cursor);
  return all;
}

const orders: Record<ProductSort, (product: ProductSummary) => string | number> = {
  newest: ({ id }) => id,
  price: ({ priceCents }) => priceCents,
  '-price': ({ priceCents }) => priceCents,
  name: ({ name }) => name.toLowerCase(),
  relevance: () => 0,
};

it.each(ProductSort.options.flatMap((sort) => [1, 7, 24, 60].map((limit) => [sort, limit] as const)))(
  'paging by %s, %i at a time, shows every product once, in order',
  async (sort, limit) => {
    // A negated word that no product has matches every product, and makes relevance possible.
    const query = sort === 'relevance' ? { q: '-xyzzy' } : {};
    const all = await walk({ ...query, sort, limit });
    expect(all).toHaveLength(120);
    expect(new Set(all.map(({ id }) => id)).size).toBe(120);
    const keys = all.map(orders[sort]);
    const sorted = [...keys].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
    expect(keys).toEqual(sort === 'newest' || sort === '-price' ? sorted.reverse() : sorted);
  },
);

it.each(ProductSort.options)('paging through one category by %s shows each of its products once', async (sort) => {
  const all = await walk({ category: 'desk', sort, limit: 4, ...(sort === 'relevance' && { q: '-xyzzy' }) });
  expect(all.filter(({ category }) => category.slug === 'desk')).toHaveLength(15);
  expect(new Set(all.map(({ id }) => id)).size).toBe(15);
});

it('shows the best match first and continues by rank on the next page', async () => {
  const whole = await walk({ q: 'linen', limit: 100 });
  expect(whole.length).toBeGreaterThan(5);
  expect(whole[0]!.name).toMatch(/linen/i);
  expect(await walk({ q: 'linen', limit: 2 })).toEqual(whole);
});

it('neither skips nor repeats a product while others are hidden between two pages', async () => {
  const first = await shop.list({ sort: 'price', limit: 50 });
  await database.query(`update products set hidden = true where id = any($1)`, [first.items.map(({ id }) => id)]);
  const rest = await walk({ sort: 'price', limit: 50, cursor: first.nextCursor! });
  await database.query(`update products set hidden = false`);
  expect(new Set([...first.items, ...rest].map(({ id }) => id)).size).toBe(120);
});

it('refuses a malformed cursor and a cursor of another list', async () => {
  const { nextCursor } = await shop.list({ sort: 'price', limit: 5 });
  const foreign: ListQuery[] = [
    { sort: '-price' },
    { sort: 'name' },
    { sort: 'price', category: 'desk' },
    { q: 'oak' },
  ];
  for (const query of foreign)
    expect(await refusalOf(shop.list({ ...query, cursor: nextCursor! }))).toEqual(refusedField('cursor'));
  for (const cursor of ['x', 'null', 'W10', '%%%', 'a'.repeat(1200), `${nextCursor}x`])
    expect(await refusalOf(shop.list({ sort: 'price', cursor }))).toEqual(refusedField('cursor'));
});

it('refuses a forged cursor with text that Postgres cannot store', async () => {
  const query = { sort: 'name', limit: 2 } as const;
  const { nextCursor } = await shop.list(query);
  const [, id] = JSON.parse(Buffer.from(nextCursor!, 'base64url').toString()) as [string, string];
  const list = JSON.stringify(['name', null, null, null, null, null, null, null]);
  expect((await shop.list({ ...query, cursor: writeCursor(list, { key: '', id }) })).items).toHaveLength(2);
  for (const key of ['a\0', '\ud800']) {
    const cursor = writeCursor(list, { key, id });
    expect(await refusalOf(shop.list({ ...query, cursor }))).toEqual(refusedField('cursor'));
  }
});
