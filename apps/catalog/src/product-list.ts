// One page of products: the SQL for a query, and where the next page begins.
import type { ListProducts } from '@shop/contracts/catalog';
import type { ProductImage, ProductSort } from '@shop/contracts/products';
import { Text } from '@shop/contracts/values';
import { sql } from '@shop/kit/database';
import type { DataSource } from 'typeorm';
import * as z from 'zod';
import { shownImage, toProductImage, type ShownImageRow } from './image-json.js';
import { readCursor, writeCursor, type Position, type SortKey } from './list-cursor.js';
import { summaryColumns, type SummaryRow } from './product-json.js';

export interface ListQuery extends z.output<typeof ListProducts> {
  /** Shoppers are shown none. */
  hidden?: boolean | 'any';
}

/** A search ranks the newest so many matches: enough to find everything one would look at, and no more work for a word that is everywhere. */
const MAX_RANKED = 1000;

/** Lists show cards: what is wider is on the product's own page. */
const LIST_WIDTH = 640;

interface Sort {
  /** What products are ordered by, before their ids; there is an index for each. */
  key?: string;
  type?: string;
  /** Of the key in a cursor. */
  schema: z.ZodType<SortKey>;
  direction: 'asc' | 'desc';
}

const price = { key: 'p.price_cents', type: 'integer', schema: z.int32() };
const sorts: Record<ProductSort, Sort> = {
  // Ids are UUIDv7 and begin with their time.
  newest: { schema: z.literal(0), direction: 'desc' },
  price: { ...price, direction: 'asc' },
  '-price': { ...price, direction: 'desc' },
  name: { key: 'lower(p.name) collate "C"', type: 'text', schema: Text, direction: 'asc' },
  relevance: { key: 'm.rank', type: 'double precision', schema: z.number(), direction: 'desc' },
};

/** Without words to search for there is no relevance. */
function sortOf({ q, sort }: ListQuery): ProductSort {
  if (q === undefined) return sort === 'relevance' || sort === undefined ? 'newest' : sort;
  return sort ?? 'relevance';
}

/** The same text for the same list, whatever its page. */
function listName(query: ListQuery): string {
  const { category, q, tag, minPriceCents, maxPriceCents, inStock, featured, hidden } = query;
  const forStaff = hidden === undefined ? [] : [hidden];
  return JSON.stringify([
    sortOf(query),
    category,
    q,
    tag,
    minPriceCents,
    maxPriceCents,
    inStock,
    featured,
    ...forStaff,
  ]);
}

/** The same text for the same page of the same list. */
export function pageName(query: ListQuery): string {
  return `${listName(query)} ${query.limit} ${query.cursor ?? ''}`;
}

/** Collects the values of a statement, answering the placeholder for each. */
function placeholders() {
  const values: unknown[] = [];
  return { values, add: (value: unknown) => `$${values.push(value)}` };
}

function filters(query: ListQuery, categoryId: string | null, add: (value: unknown) => string): string[] {
  const { category, q, tag, minPriceCents, maxPriceCents, inStock, featured, hidden = false } = query;
  const conditions = hidden === 'any' ? ['true'] : [hidden ? 'p.hidden' : 'not p.hidden'];
  if (category !== undefined) {
    // Null, an unknown category, matches nothing. Not "=", see orderOf.
    const id = `${add(categoryId)}::uuid`;
    conditions.push(`p.category_id between ${id} and ${id}`);
  }
  if (q !== undefined) conditions.push(`p.search @@ websearch_to_tsquery('english', ${add(q)})`);
  if (tag !== undefined) conditions.push(`(p.tags || p.picture_tags) @> array[${add(tag)}]`);
  if (minPriceCents !== undefined) conditions.push(`p.price_cents >= ${add(minPriceCents)}`);
  if (maxPriceCents !== undefined) conditions.push(`p.price_cents <= ${add(maxPriceCents)}`);
  if (inStock !== undefined) conditions.push(inStock ? 'p.in_stock' : 'not p.in_stock');
  if (featured !== undefined) conditions.push(featured ? 'p.featured' : 'not p.featured');
  return conditions;
}

interface Column {
  sql: string;
  type: string;
  after: (position: Position) => unknown;
}

/**
 * The columns a list is ordered by, which are those of its index. Within a category the category comes first, though
 * all have the same: the planner, told "=", would drop it and might rather walk through all categories in order.
 */
function orderOf(query: ListQuery, categoryId: string | null): Column[] {
  const name = sortOf(query);
  const { key, type } = sorts[name];
  const columns: Column[] = [{ sql: 'p.id', type: 'uuid', after: ({ id }) => id }];
  if (key && type) columns.unshift({ sql: key, type, after: (position) => position.key });
  if (query.category !== undefined && name !== 'relevance')
    columns.unshift({ sql: 'p.category_id', type: 'uuid', after: () => categoryId });
  return columns;
}

/** The statement for a page, asking for one product more than it shows. `categoryId` is that of `query.category`. */
export function pageStatement(query: ListQuery, categoryId: string | null): { text: string; values: unknown[] } {
  const name = sortOf(query);
  const { key, schema, direction } = sorts[name];
  const { values, add } = placeholders();
  let conditions = filters(query, categoryId, add);
  let from = 'products p';
  if (name === 'relevance') {
    from = `(select id, ts_rank(search, websearch_to_tsquery('english', ${add(query.q)}))::double precision as rank
      from (select p.id, p.search from products p where ${conditions.join(' and ')}
        order by p.id desc limit ${MAX_RANKED}) newest_matches) m join products p on p.id = m.id`;
    conditions = ['true'];
  }
  const columns = orderOf(query, categoryId);
  if (query.cursor !== undefined) {
    const position = readCursor(listName(query), schema, query.cursor);
    const last = columns.map(({ type, after }) => `${add(after(position))}::${type}`);
    conditions.push(`(${columns.map(({ sql }) => sql)}) ${direction === 'asc' ? '>' : '<'} (${last})`);
  }
  const text = `select ${summaryColumns}, ${key ?? '0'} as sort_key
    from ${from} join categories c on c.id = p.category_id
    where ${conditions.join(' and ')}
    order by ${columns.map(({ sql }) => `${sql} ${direction}`)} limit ${add(query.limit + 1)}`;
  return { text, values };
}

export async function readPage<T>(
  dataSource: DataSource,
  query: ListQuery,
  mediaUrl: string,
  toItem: (row: SummaryRow, image: ProductImage | null) => T,
): Promise<{ items: T[]; nextCursor: string | null }> {
  const categoryId = query.category === undefined ? null : await findCategory(dataSource, query.category);
  const { text, values } = pageStatement(query, categoryId);
  // Planned for these very values, unlike a prepared statement: which index is best depends on them.
  const rows = await dataSource.query<(SummaryRow & { sort_key: SortKey })[]>(text, values);
  const shown = rows.slice(0, query.limit);
  const last = rows.length > query.limit ? shown.at(-1) : undefined;
  const images = await firstImages(
    dataSource,
    shown.map(({ id }) => id),
    mediaUrl,
  );
  return {
    items: shown.map((row) => toItem(row, images.get(row.id) ?? null)),
    nextCursor: last ? writeCursor(listName(query), { key: last.sort_key, id: last.id }) : null,
  };
}

/** By product. Apart from the page, so that they are looked up for what it shows and for nothing else. */
async function firstImages(
  dataSource: DataSource,
  ids: string[],
  mediaUrl: string,
): Promise<Map<string, ProductImage>> {
  const rows = await sql<{ product_id: string; image: ShownImageRow }>(
    dataSource,
    `select distinct on (i.product_id) i.product_id, ${shownImage} as image
     from images i join pictures pic on pic.hash = i.picture join products p on p.id = i.product_id
     where i.product_id = any($1::uuid[]) and pic.shown is not null
     order by i.product_id, i.position, i.id`,
    [ids],
  );
  return new Map(rows.map(({ product_id, image }) => [product_id, toProductImage(image, mediaUrl, LIST_WIDTH)]));
}

async function findCategory(dataSource: DataSource, slug: string): Promise<string | null> {
  const [category] = await sql<{ id: string }>(dataSource, 'select id from categories where slug = $1', [slug]);
  return category?.id ?? null;
}
