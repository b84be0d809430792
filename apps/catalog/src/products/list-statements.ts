// The statements behind a page of products. The text of each bounds what it may read, for any query and any size of the
// table; see "How a list is read" in ../../README.md.
import type { ProductSort } from '@shop/contracts/products';
import { Text } from '@shop/contracts/values';
import * as z from 'zod';
import type { Position, SortKey } from './list-cursor.js';
import {
  filterNames,
  termsOf,
  termsOfProduct,
  whereOf,
  type Add,
  type FilterName,
  type Filters,
} from './list-filters.js';

interface Sort {
  /** Products are ordered by this, then by id; each sort has an index with and one without a category. */
  key?: string;
  type?: string;
  /** Of the key as a cursor carries it. */
  schema: z.ZodType<SortKey>;
  direction: 'asc' | 'desc';
}

const price = { key: 'p.price_cents', type: 'integer', schema: z.int32() };
export const sorts: Record<Exclude<ProductSort, 'relevance'>, Sort> = {
  // Ids are UUIDv7, which begin with the time.
  newest: { schema: z.literal(0), direction: 'desc' },
  price: { ...price, direction: 'asc' },
  '-price': { ...price, direction: 'desc' },
  name: { key: 'lower(p.name) collate "C"', type: 'text', schema: Text, direction: 'asc' },
};

/** All products that match the filters, in order. The category is an id here. */
export interface OrderedList {
  filters: Filters;
  sort: keyof typeof sorts;
}

export interface Statement {
  text: string;
  values: unknown[];
}

export interface WalkRow {
  id: string;
  sort_key: SortKey;
  matches: boolean;
  /** The number of products read so far, and, with `countWords`, how many of them match the searched words. */
  place: number;
  worded: number;
}

export interface CollectedRow {
  /** More than the limit means too many: the other columns are null then. */
  candidates: number;
  id: string | null;
  sort_key: SortKey;
}

function newStatement() {
  const values: unknown[] = [];
  const add: Add = (value) => `$${values.push(value)}`;
  return { values, add };
}

interface Column {
  sql: string;
  name: string;
  type: string;
  after: (position: Position) => unknown;
}

/**
 * The columns a list is ordered by, which are those of its index. Within a category the category comes first, though it
 * is the same for all: with "=" the planner would drop it from the order, and might walk an index of all categories
 * instead.
 */
function columnsOf({ sort, filters }: OrderedList): Column[] {
  const { key, type } = sorts[sort];
  const columns: Column[] = [{ sql: 'p.id', name: 'id', type: 'uuid', after: ({ id }) => id }];
  if (key && type) columns.unshift({ sql: key, name: 'sort_key', type, after: (position) => position.key });
  if (filters.category !== undefined)
    columns.unshift({ sql: 'p.category_id', name: 'category_id', type: 'uuid', after: () => filters.category });
  return columns;
}

/** Whether the condition of a filter is one on the columns, or the predicate, of the index that orders the list. */
function isOfIndex(name: FilterName, { sort, filters }: OrderedList): boolean {
  if (name === 'hidden') return filters.hidden !== true;
  return name === 'category' || (name.endsWith('PriceCents') && sort.endsWith('price'));
}

function after(position: Position | undefined, columns: Column[], direction: string, add: Add): string[] {
  if (!position) return [];
  const last = columns.map((column) => `${add(column.after(position))}::${column.type}`);
  return [`(${columns.map(({ sql }) => sql).join(', ')}) ${direction === 'asc' ? '>' : '<'} (${last.join(', ')})`];
}

const inOrder = (columns: string[], direction: string) => columns.map((column) => `${column} ${direction}`).join(', ');
const all = (conditions: string[]) => conditions.join(' and ') || 'true';

export interface Walk {
  position?: Position | undefined;
  wanted: number;
  budget: number;
  countWords?: boolean;
}

/**
 * Walks the index of the list from `position` until it has found `wanted` matches or read `budget` products. The last
 * product of the budget is always returned, matching or not: the list continues after it.
 */
export function walkStatement(list: OrderedList, { position, wanted, budget, countWords }: Walk): Statement {
  const { values, add } = newStatement();
  const { key = '0', direction } = sorts[list.sort];
  const columns = columnsOf(list);
  const names = filterNames(list.filters);
  const where = names.filter((name) => isOfIndex(name, list)).map((name) => whereOf(name, list.filters, add));
  const others = names.filter((name) => !isOfIndex(name, list)).map((name) => whereOf(name, list.filters, add));
  const order = inOrder(
    columns.map(({ sql }) => sql),
    direction,
  );
  const outerOrder = inOrder(
    columns.map(({ name }) => name),
    direction,
  );
  const words = countWords && list.filters.q !== undefined ? whereOf('q', list.filters, add) : 'false';
  const text = `select id, sort_key, matches, place::integer, worded::integer from (
      select p.id, p.category_id, ${key} as sort_key, ${all(others)} as matches,
        row_number() over walked as place, count(*) filter (where ${words}) over walked as worded
      from products p where ${all([...where, ...after(position, columns, direction, add)])}
      window walked as (order by ${order} rows unbounded preceding)
      order by ${order} limit ${budget}
    ) walked where matches or place = ${budget}
    order by ${outerOrder} limit ${add(wanted)}`;
  return { text, values };
}

export interface Collect {
  position?: Position | undefined;
  wanted: number;
  /** Limit of the candidates. */
  most: number;
}

/**
 * Finds candidates in products_by_filters: by the terms of the filters, and by `words`, which has no phrases or
 * negations.
 */
export function collectByTerms(list: OrderedList, words: string | null, collect: Collect): Statement | undefined {
  const { values, add } = newStatement();
  const terms = termsOf(list.filters);
  const conditions = [
    ...(words === null ? [] : [`p.search @@ ${add(words)}::tsquery`]),
    ...(terms.length === 0 ? [] : [`${termsOfProduct} @> ${add(terms)}::text[]`]),
  ];
  if (conditions.length === 0) return undefined;
  return { text: collectText(list, `where ${all(conditions)}`, collect, add), values };
}

/** Finds candidates in the index of prices. */
export function collectByPrice(list: OrderedList, collect: Collect): Statement | undefined {
  const { minPriceCents, maxPriceCents, hidden } = list.filters;
  if ((minPriceCents === undefined && maxPriceCents === undefined) || hidden !== false || list.sort.endsWith('price'))
    return undefined;
  const { values, add } = newStatement();
  const byPrice: OrderedList = { filters: list.filters, sort: 'price' };
  const names = filterNames(list.filters).filter((name) => isOfIndex(name, byPrice));
  const columns = columnsOf(byPrice).map(({ sql }) => sql);
  const from = `where ${all(names.map((name) => whereOf(name, list.filters, add)))} order by ${inOrder(columns, 'asc')}`;
  return { text: collectText(list, from, collect, add), values };
}

/** Filters and sorts the candidates. `materialized` keeps the planner from finding them in another way. */
function collectText(list: OrderedList, candidates: string, { position, wanted, most }: Collect, add: Add): string {
  const { key = '0', type, direction } = sorts[list.sort];
  const conditions = filterNames(list.filters).map((name) => whereOf(name, list.filters, add));
  const columns: Column[] = [
    ...(type ? [{ sql: 'c.sort_key', name: 'sort_key', type, after: ({ key }: Position) => key }] : []),
    { sql: 'c.id', name: 'id', type: 'uuid', after: ({ id }) => id },
  ];
  const order = (table: string) =>
    inOrder(
      columns.map(({ name }) => `${table}.${name}`),
      direction,
    );
  return `with candidates as materialized (
      select p.id, ${key} as sort_key, ${all(conditions)} as matches from products p ${candidates} limit ${most + 1}
    )
    select counted.candidates, found.id, found.sort_key
    from (select count(*)::integer as candidates from candidates) counted
    left join lateral (
      select c.id, c.sort_key from candidates c
      where ${all(['c.matches', `counted.candidates <= ${most}`, ...after(position, columns, direction, add)])}
      order by ${order('c')} limit ${add(wanted)}
    ) found on true
    order by ${order('found')}`;
}
