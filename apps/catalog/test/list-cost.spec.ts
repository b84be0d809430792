// 300,000 products and filters of every selectivity: a list reads a bounded number of rows, and shows the same products
// as a plain filter and sort.
import type { ProductSort } from '@shop/contracts/products';
import type { TestDatabase } from '@shop/kit/testing/stores';
import { DataSource } from 'typeorm';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { ListQuery } from '../src/products/list-filters.js';
import { readPage } from '../src/products/product-list.js';
import { createCatalogDatabase, startCatalog } from './catalog-under-test.js';

const PRODUCTS = 300_000;
/** Rows, and entries of ordered indexes, that one page may read, independent of the size of the table. */
const MAX_ROWS = 20_000;
const MAX_ENTRIES = 10_000;

let database: TestDatabase;
let db: DataSource;

beforeAll(async () => {
  database = await createCatalogDatabase();
  const shop = await startCatalog(database);
  await shop.stop();
  await load();
  db = await new DataSource({ type: 'postgres', url: database.url, poolSize: 1 }).initialize();
}, 300_000);
afterAll(async () => {
  await db?.destroy();
  await database?.drop();
});

/**
 * 8 categories, 120 groups of products, each group in one category and with a name of its own; "old" is what the oldest
 * third is tagged with, "rare" six products; one in 3,001 is sold out, one in 10,007 featured, one in 9,973 hidden.
 */
async function load(): Promise<void> {
  await database.query('drop index products_by_search, products_by_any_tag, products_by_filters');
  await database.query(`insert into categories (id, slug, name)
    select ('01900000-0000-7000-8000-00000000000' || n)::uuid, 'category-' || n, 'Category' from generate_series(0, 7) n`);
  await database.query(
    `insert into products (id, slug, name, description, category_id, price_cents, stock, featured, hidden, tags)
     select (lpad(to_hex(1500000000000 + n::bigint * 60000), 12, '0') || '7' || lpad(to_hex(n % 4096), 3, '0') || '8'
         || substr(md5(n::text), 1, 15))::uuid,
       'product-' || n, 'Model ' || lpad((n % 120)::text, 3, '0') || ' ' || n,
       'Common words' || case when n % 120 < 30 then ' quarter' else '' end,
       ('01900000-0000-7000-8000-00000000000' || n % 8)::uuid, 100 + abs(hashint4(n)) % 50000,
       case when n % 3001 = 0 then 0 else 10 end, n % 10007 = 0, n % 9973 = 0,
       array['everywhere', 'group-' || n % 120] || case when n <= $1 / 3 then array['old'] else '{}' end
         || case when n % 50000 = 7 then array['rare'] else '{}' end
     from generate_series(1, $1::integer) n`,
    [PRODUCTS],
  );
  const { IndexFilters } = await import('../src/migrations/index-filters.js');
  await new IndexFilters().up({ query: (text: string) => database.query(text) } as never);
  await database.query('vacuum (analyze) products');
}

const sorts: ProductSort[] = ['newest', 'price', '-price', 'name'];
const filters: Partial<ListQuery>[] = [
  ...['unknown', 'rare', 'group-5', 'everywhere', 'old'].map((tag) => ({ tag })),
  ...['qqqwww', 'common', 'quarter', '"words common"', '-common', 'the', 'quarter -words', 'qqqwww or quarter'].map(
    (q) => ({ q }),
  ),
  ...[true, false].flatMap((flag) => [{ inStock: flag }, { featured: flag }]),
  { minPriceCents: 90_000 },
  { minPriceCents: 5000, maxPriceCents: 5010 },
  { minPriceCents: 5000, maxPriceCents: 5900 },
  { minPriceCents: 200, maxPriceCents: 45_000 },
];
const within: Partial<ListQuery>[] = [
  {},
  { category: 'category-5' },
  { category: 'category-0' },
  { category: 'nowhere' },
  { tag: 'group-5' },
];
const lists = filters.flatMap((filter) =>
  within.flatMap((other) => sorts.map((sort): ListQuery => ({ ...other, ...filter, sort, limit: 24 }))),
);
const searches = filters
  .filter(({ q }) => q !== undefined)
  .flatMap((filter) => within.map((other): ListQuery => ({ ...other, ...filter, limit: 24 })));
const staffLists = [true, false, 'any' as const].flatMap((hidden) =>
  [{}, { q: 'qqqwww' }, { q: 'quarter' }].map((filter): ListQuery => ({ ...filter, hidden, limit: 24 })),
);

const page = (query: ListQuery) => readPage(db, query, '/media', ({ id }) => id);

interface Reads {
  /** Rows fetched by an index, rows of sequential scans, and entries of all indexes but that of the filters. */
  fetched: number;
  sequential: number;
  entries: number;
}

/** Since the database was created. */
async function reads(): Promise<Reads> {
  await db.query('select pg_stat_force_next_flush()');
  const [row] = await database.query<Reads>(
    `select t.idx_tup_fetch::integer as fetched, t.seq_tup_read::integer as sequential,
       (select sum(i.idx_tup_read)::integer from pg_stat_user_indexes i
        where i.relid = t.relid and i.indexrelname <> 'products_by_filters') as entries
     from pg_stat_user_tables t where t.relname = 'products'`,
  );
  return row!;
}

async function rowsRead(work: () => Promise<unknown>): Promise<Reads> {
  const before = await reads();
  await work();
  const after = await reads();
  return {
    fetched: after.fetched - before.fetched,
    sequential: after.sequential - before.sequential,
    entries: after.entries - before.entries,
  };
}

it('reads a bounded number of products for a page of any list', async () => {
  const costly: unknown[] = [];
  for (const query of [...lists, ...searches, ...staffLists]) {
    const read = await rowsRead(() => page(query));
    if (read.fetched > MAX_ROWS || read.entries > MAX_ENTRIES || read.sequential > 0) costly.push({ query, read });
  }
  expect(costly).toEqual([]);
});

it.each<[Partial<ListQuery>, number]>([
  [{ tag: 'unknown' }, 600],
  [{ q: 'qqqwww', sort: 'newest' }, 600],
  [{ q: 'qqqwww', sort: 'price', tag: 'everywhere' }, 600],
  [{ q: 'qqqwww', sort: 'relevance' }, 600],
  [{ tag: 'everywhere', sort: 'name' }, 60],
  [{ q: 'common', sort: '-price' }, 60],
  [{ tag: 'group-5', category: 'category-0', sort: 'name' }, 600],
  [{ inStock: false, sort: 'price' }, 800],
  [{ featured: true, sort: 'name' }, 700],
  [{ hidden: true }, 700],
  [{ minPriceCents: 90_000 }, 600],
  [{}, 60],
])('reads hardly more products than it shows for %j', async (query, most) => {
  const { fetched, entries } = await rowsRead(() => page({ limit: 24, ...query }));
  expect(Math.max(fetched, entries)).toBeLessThanOrEqual(most);
});

/** The result of a plain filter and sort. */
async function expected(query: ListQuery): Promise<string[]> {
  const { category = null, q = null, tag = null, minPriceCents = null, maxPriceCents = null, hidden = false } = query;
  const { inStock = null, featured = null, sort } = query;
  const orders = {
    newest: 'p.id desc',
    price: 'p.price_cents, p.id',
    '-price': 'p.price_cents desc, p.id desc',
    name: 'lower(p.name) collate "C", p.id',
  };
  const rows = await database.query<{ id: string }>(
    `select p.id from products p join categories c on c.id = p.category_id
     where ($1::text is null or c.slug = $1) and ($2::text is null or p.search @@ websearch_to_tsquery('english', $2))
       and ($3::text is null or $3 = any(p.tags)) and ($4::integer is null or p.price_cents >= $4)
       and ($5::integer is null or p.price_cents <= $5) and ($6::boolean is null or p.in_stock = $6)
       and ($7::boolean is null or p.featured = $7) and ($8 = 'any' or p.hidden::text = $8)
     order by ${orders[sort as keyof typeof orders]} limit 48`,
    [category, q, tag, minPriceCents, maxPriceCents, inStock, featured, String(hidden)],
  );
  return rows.map(({ id }) => id);
}

/** The products of the first pages, up to 48. */
async function shown(query: ListQuery): Promise<string[]> {
  const all: string[] = [];
  let cursor: string | undefined;
  do {
    const { items, nextCursor } = await page({ ...query, cursor });
    all.push(...items);
    cursor = nextCursor ?? undefined;
  } while (cursor && all.length < 48);
  return all.slice(0, 48);
}

it('shows the products of a plain filter and sort, in the same order', async () => {
  // A fifth of the lists, because a plain sort of each takes long.
  for (const query of lists.filter((_, i) => i % 5 === 0))
    expect([query, await shown(query)]).toEqual([query, await expected(query)]);
  for (const hidden of [true, 'any' as const]) {
    const query: ListQuery = { hidden, sort: 'newest', limit: 24 };
    expect(await shown(query)).toEqual(await expected(query));
  }
});

it.each<Partial<ListQuery>>([{ tag: 'rare' }, { minPriceCents: 49_500 }, { q: 'quarter' }])(
  'reads no more for a later page of %j in a category',
  async (filter) => {
    const query: ListQuery = { ...filter, category: 'category-5', sort: 'newest', limit: 24 };
    for (let pages = 0; pages < 5; pages++) {
      const read = await rowsRead(async () => {
        query.cursor = (await page(query)).nextCursor ?? undefined;
      });
      expect(read.sequential).toBe(0);
      expect(read.entries).toBeLessThanOrEqual(MAX_ENTRIES);
    }
  },
);

it('continues from a short page where it stopped looking', async () => {
  // The newest match comes after 200,000 other products, and there are too many matches to sort.
  const query: ListQuery = { tag: 'old', sort: 'newest', limit: 24 };
  const { items, nextCursor } = await page(query);
  expect(items.length).toBeLessThan(24);
  expect(nextCursor).not.toBeNull();
  expect(await shown(query)).toEqual(await expected(query));
});

it('updates a sale in place, without touching an index', async () => {
  const updates = async () => {
    await db.query('select pg_stat_force_next_flush()');
    const [row] = await database.query<{ updated: number; inPlace: number }>(
      `select n_tup_upd::integer as updated, n_tup_hot_upd::integer as "inPlace" from pg_stat_user_tables where relname = 'products'`,
    );
    return row!;
  };
  const before = await updates();
  await db.query(`update products set stock = stock - 1 where slug = 'product-4242'`);
  const after = await updates();
  expect([after.updated - before.updated, after.inPlace - before.inPlace]).toEqual([1, 1]);
});
