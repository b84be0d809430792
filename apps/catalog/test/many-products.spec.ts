// With 100,000 products a page must cost no more than with 100.
import type { TestDatabase } from '@shop/kit/testing/stores';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { readCursor } from '../src/products/list-cursor.js';
import { listName, type ListQuery } from '../src/products/list-filters.js';
import { sorts, walkStatement } from '../src/products/list-statements.js';
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

/** The nodes of the plan that Postgres executed for the page. */
async function planOf(query: ListQuery & { sort: keyof typeof sorts }): Promise<Plan[]> {
  const { sort, cursor } = query;
  const filters = { hidden: false, ...(query.category !== undefined && { category: categoryId }) };
  const position = cursor === undefined ? undefined : readCursor(listName(query), sorts[sort].schema, cursor);
  const { text, values } = walkStatement({ filters, sort }, { position, wanted: query.limit + 1, budget: 5000 });
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

it('the seed creates 100,000 products with different names', async () => {
  const [row] = await database.query('select count(*)::integer, count(distinct name)::integer as names from products');
  expect(row).toEqual({ count: 100_000, names: 100_000 });
});

it.each(inOrder)(
  'a page by $index reads only the products it shows, also far down the list',
  async ({ index, ...list }) => {
    const query: Parameters<typeof planOf>[0] = { ...list, limit: 24 };
    for (const pagesOn of [60, 60, 0]) {
      const plan = await planOf(query);
      expect(plan.map((node) => node['Index Name'])).toContain(index);
      expect(plan.map((node) => node['Node Type'])).not.toContain('Sort');
      // The rows of the index scan, which reads one ahead, and again those that pass the limit of the walk.
      expect(rowsRead(plan)).toBeLessThanOrEqual(2 * 26);
      for (let i = 0; i < pagesOn; i++) query.cursor = (await shop.list({ ...query, limit: 100 })).nextCursor!;
    }
  },
);

it('a search returns no product twice across its pages', async () => {
  const seen = new Set<string>();
  let cursor: string | undefined;
  let items = 0;
  do {
    const page = await shop.list({ q: 'oak', limit: 100, cursor });
    for (const { id } of page.items) seen.add(id);
    items += page.items.length;
    cursor = page.nextCursor ?? undefined;
  } while (cursor);
  expect(items).toBe(seen.size);
  // At most; a busy machine ranks those among the newest products only.
  expect(items).toBeGreaterThan(100);
  expect(items).toBeLessThanOrEqual(1000);
});
