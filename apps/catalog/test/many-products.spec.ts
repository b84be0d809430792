// A hundred thousand products: a page must cost no more than with a hundred.
import type { TestDatabase } from '@shop/kit/testing/stores';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { pageStatement, type ListQuery } from '../src/product-list.js';
import { createCatalogDatabase, startCatalog, type Catalog } from './catalog-under-test.js';

let database: TestDatabase;
let shop: Catalog;
let categoryId: string;

beforeAll(async () => {
  database = await createCatalogDatabase();
  shop = await startCatalog(database, { SEED: 'demo', SEED_PRODUCTS: '100000' });
  categoryId = (await database.query<{ id: string }>(`select id from categories where slug = 'kitchen'`))[0]!.id;
}, 120_000);
afterAll(async () => {
  await shop?.stop();
  await database?.drop();
});

interface Plan {
  'Node Type': string;
  'Index Name'?: string;
  'Actual Rows': number;
  'Actual Loops': number;
  'Rows Removed by Filter'?: number;
  Plans?: Plan[];
}

/** What Postgres really did for that page, node by node. */
async function planOf(query: ListQuery): Promise<Plan[]> {
  const { text, values } = pageStatement(query, query.category === undefined ? null : categoryId);
  const [row] = await database.query<{ 'QUERY PLAN': [{ Plan: Plan }] }>(
    `explain (analyze, format json) ${text}`,
    values,
  );
  const flat = (plan: Plan): Plan[] => [plan, ...(plan.Plans ?? []).flatMap(flat)];
  return flat(row!['QUERY PLAN'][0].Plan);
}

const rowsRead = (plan: Plan[]) =>
  plan
    .filter((node) => node['Node Type'].includes('Scan'))
    .map((node) => node['Actual Loops'] * (node['Actual Rows'] + (node['Rows Removed by Filter'] ?? 0)))
    .reduce((a, b) => a + b, 0);

const inOrder = (['newest', 'price', '-price', 'name'] as const).flatMap((sort) => [
  { sort, index: `products_by_${sort.replace('-', '')}` },
  { sort, category: 'kitchen', index: `products_by_category_and_${sort.replace('-', '')}` },
]);

it('are all there, and all different', async () => {
  const [row] = await database.query('select count(*)::integer, count(distinct name)::integer as names from products');
  expect(row).toEqual({ count: 100_000, names: 100_000 });
});

it.each(inOrder)('a page by $index reads what it shows and no more, also far down', async ({ index, ...list }) => {
  const query: ListQuery = { ...list, limit: 24 };
  for (const pagesOn of [60, 60, 0]) {
    const plan = await planOf(query);
    expect(plan.map((node) => node['Index Name'])).toContain(index);
    expect(plan.map((node) => node['Node Type'])).not.toContain('Sort');
    expect(rowsRead(plan)).toBeLessThanOrEqual(2 * 25);
    for (let i = 0; i < pagesOn; i++) query.cursor = (await shop.list({ ...query, limit: 100 })).nextCursor!;
  }
});

it.each<ListQuery>([
  { q: 'oak', limit: 24 },
  { q: 'oak mirror', limit: 24 },
  { q: 'made', sort: 'price', limit: 24 },
  { q: 'velvet kitchen', limit: 24 },
  { category: 'kitchen', tag: 'velvet', limit: 24 },
  { tag: 'rust', limit: 24 },
  { featured: true, sort: 'name', limit: 24 },
  { inStock: false, limit: 24 },
  { minPriceCents: 5000, maxPriceCents: 5100, limit: 24 },
])('a page of %j reads no table from end to end', async (query) => {
  const plan = await planOf(query);
  expect(plan.map((node) => node['Node Type'])).not.toContain('Seq Scan');
  expect(rowsRead(plan)).toBeLessThan(30_000);
});

it('finds by a search as many as it ranks, in pages without gap or repetition', async () => {
  const seen = new Set<string>();
  let cursor: string | undefined;
  let items = 0;
  do {
    const page = await shop.list({ q: 'oak', limit: 100, cursor });
    for (const { id } of page.items) seen.add(id);
    items += page.items.length;
    cursor = page.nextCursor ?? undefined;
  } while (cursor);
  expect([items, seen.size]).toEqual([1000, 1000]);
});
