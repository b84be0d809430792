// One page of products: the SQL for a query, and where the next page begins.
import type { ListProducts } from '@shop/contracts/catalog';
import type { ProductPage, ProductSort } from '@shop/contracts/products';
import type { DataSource } from 'typeorm';
import * as z from 'zod';
import { readCursor, writeCursor, type SortKey } from './list-cursor.js';
import { summaryColumns, toSummary, type SummaryRow } from './product-json.js';

export type ListQuery = z.output<typeof ListProducts>;

/** A search ranks the newest so many matches: enough to find everything one would look at, and no more work for a word that is everywhere. */
const MAX_RANKED = 1000;

interface Sort {
  /** What the index is over, ids after it. */
  key: string;
  type: string;
  schema: z.ZodType<SortKey>;
  descending: boolean;
}

const price = { key: 'p.price_cents', type: 'integer', schema: z.int32() };
const sorts: Record<ProductSort, Sort> = {
  // Ids begin with their time, so the key proper is a constant.
  newest: { key: '0', type: 'integer', schema: z.literal(0), descending: true },
  price: { ...price, descending: false },
  '-price': { ...price, descending: true },
  name: { key: 'lower(p.name) collate "C"', type: 'text', schema: z.string(), descending: false },
  relevance: { key: 'm.rank', type: 'double precision', schema: z.number(), descending: true },
};

/** Without words to search for there is no relevance. */
function sortOf({ q, sort }: ListQuery): ProductSort {
  if (q === undefined) return sort === 'relevance' || sort === undefined ? 'newest' : sort;
  return sort ?? 'relevance';
}

/** The same text for the same list, whatever its page. */
function listName(query: ListQuery): string {
  const { category, q, tag, minPriceCents, maxPriceCents, inStock, featured } = query;
  return JSON.stringify([sortOf(query), category, q, tag, minPriceCents, maxPriceCents, inStock, featured]);
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

function filters(query: ListQuery, add: (value: unknown) => string): string[] {
  const { category, q, tag, minPriceCents, maxPriceCents, inStock, featured } = query;
  const conditions = ['not p.hidden'];
  // A subquery, not a join: its one value lets the (category, key, id) indexes answer in order.
  if (category !== undefined)
    conditions.push(`p.category_id = (select id from categories where slug = ${add(category)})`);
  if (q !== undefined) conditions.push(`p.search @@ websearch_to_tsquery('english', ${add(q)})`);
  if (tag !== undefined) conditions.push(`p.tags @> array[${add(tag)}]`);
  if (minPriceCents !== undefined) conditions.push(`p.price_cents >= ${add(minPriceCents)}`);
  if (maxPriceCents !== undefined) conditions.push(`p.price_cents <= ${add(maxPriceCents)}`);
  if (inStock !== undefined) conditions.push(inStock ? 'p.in_stock' : 'not p.in_stock');
  if (featured !== undefined) conditions.push(featured ? 'p.featured' : 'not p.featured');
  return conditions;
}

/** The statement for a page, asking for one product more than it shows. */
export function pageStatement(query: ListQuery): { text: string; values: unknown[] } {
  const name = sortOf(query);
  const { key, type, schema, descending } = sorts[name];
  const { values, add } = placeholders();
  const conditions = filters(query, add);
  const direction = descending ? 'desc' : 'asc';

  let from = 'products p';
  if (name === 'relevance') {
    const words = add(query.q);
    from = `(select id, ts_rank(search, websearch_to_tsquery('english', ${words}))::double precision as rank from (
      select p.id, p.search from products p where ${conditions.join(' and ')} order by p.id desc limit ${MAX_RANKED}
    ) newest_matches) m join products p on p.id = m.id`;
    conditions.length = 0;
  }
  if (query.cursor !== undefined) {
    const after = readCursor(listName(query), schema, query.cursor);
    const beyond = descending ? '<' : '>';
    if (name === 'newest') conditions.push(`p.id ${beyond} ${add(after.id)}`);
    else conditions.push(`(${key}, p.id) ${beyond} (${add(after.key)}::${type}, ${add(after.id)}::uuid)`);
  }
  const order = name === 'newest' ? `p.id ${direction}` : `${key} ${direction}, p.id ${direction}`;
  const text = `select ${summaryColumns}, ${key} as sort_key
    from ${from} join categories c on c.id = p.category_id
    ${conditions.length > 0 ? `where ${conditions.join(' and ')}` : ''}
    order by ${order} limit ${add(query.limit + 1)}`;
  return { text, values };
}

export async function readPage(dataSource: DataSource, query: ListQuery): Promise<ProductPage> {
  const { text, values } = pageStatement(query);
  // Planned for these very values, unlike a prepared statement: which index is best depends on them.
  const rows = await dataSource.query<(SummaryRow & { sort_key: SortKey })[]>(text, values);
  const shown = rows.slice(0, query.limit);
  const last = rows.length > query.limit ? shown.at(-1) : undefined;
  return {
    items: shown.map(toSummary),
    nextCursor: last ? writeCursor(listName(query), { key: last.sort_key, id: last.id }) : null,
  };
}
