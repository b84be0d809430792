// The SQL of each filter of a list. The filters are those of the schema in the contract; the statements, the cache key
// and the cursors follow from it and from this table.
import type { ProductQuery, ProductSort } from '@shop/contracts/products';

export interface ListQuery extends ProductQuery {
  /** Lists for shoppers leave it out, which means false. */
  hidden?: boolean | 'any';
}

/** The filters of a query, with the category as an id. */
export type Filters = Omit<ListQuery, 'sort' | 'limit' | 'cursor'>;
type Values = { [N in keyof Filters]-?: NonNullable<Filters[N]> };
export type FilterName = keyof Values;

/** Adds a value to a statement and returns its placeholder. */
export type Add = (value: unknown) => string;

interface Filter<V> {
  /** A condition on `products p`. */
  where(value: V, add: Add): string;
  /** The term in products_by_filters that every match has; only for values that may be rare. */
  term?(value: V): string | undefined;
}

/** The second column of products_by_filters. */
export const termsOfProduct = `(p.tags || p.picture_tags || array[
  '#category:' || p.category_id::text,
  case when p.featured then '#featured' end,
  case when not p.in_stock then '#sold-out' end,
  case when p.hidden then '#hidden' end
])`;

export const filters: { [N in FilterName]: Filter<Values[N]> } = {
  category: {
    // Not "=", see columnsOf.
    where: (id, add) => {
      const value = `${add(id)}::uuid`;
      return `p.category_id between ${value} and ${value}`;
    },
    term: (id) => `#category:${id}`,
  },
  q: { where: (text, add) => `p.search @@ websearch_to_tsquery('english', ${add(text)})` },
  tag: {
    where: (tag, add) => `(p.tags || p.picture_tags) @> array[${add(tag)}]::text[]`,
    term: (tag) => tag,
  },
  minPriceCents: { where: (cents, add) => `p.price_cents >= ${add(cents)}` },
  maxPriceCents: { where: (cents, add) => `p.price_cents <= ${add(cents)}` },
  inStock: {
    where: (inStock) => (inStock ? 'p.in_stock' : 'not p.in_stock'),
    term: (inStock) => (inStock ? undefined : '#sold-out'),
  },
  featured: {
    where: (featured) => (featured ? 'p.featured' : 'not p.featured'),
    term: (featured) => (featured ? '#featured' : undefined),
  },
  hidden: {
    where: (hidden) => (hidden === 'any' ? 'true' : hidden ? 'p.hidden' : 'not p.hidden'),
    term: (hidden) => (hidden === true ? '#hidden' : undefined),
  },
};

/** The filters that a query has, in the order of the table. */
export function filterNames(query: Filters): FilterName[] {
  return (Object.keys(filters) as FilterName[]).filter((name) => query[name] !== undefined);
}

export function whereOf<N extends FilterName>(name: N, query: Filters, add: Add): string {
  return filters[name].where(query[name] as Values[N], add);
}

export function termsOf(query: Filters): string[] {
  const termOf = <N extends FilterName>(name: N) => filters[name].term?.(query[name] as Values[N]);
  return filterNames(query).flatMap((name) => termOf(name) ?? []);
}

/** Relevance needs words to search for. */
export function sortOf({ q, sort }: Pick<ListQuery, 'q' | 'sort'>): ProductSort {
  if (q === undefined) return sort === 'relevance' || sort === undefined ? 'newest' : sort;
  return sort ?? 'relevance';
}

/**
 * Identifies a list by its whole query but for the page. Cursors carry a checksum of it, and those of the version that
 * runs beside this one must go on working: the filters of the first version keep their places, and all later ones
 * follow by name.
 */
export function listName({ limit: _limit, cursor: _cursor, sort, ...given }: ListQuery): string {
  const { category, q, tag, minPriceCents, maxPriceCents, inStock, featured, ...others } = given;
  const first = [sortOf({ q, sort }), category, q, tag, minPriceCents, maxPriceCents, inStock, featured];
  const rest = Object.entries(others).filter(([, value]) => value !== undefined);
  return JSON.stringify([...first, ...rest.sort(([a], [b]) => (a < b ? -1 : 1))]);
}

/** Identifies one page of a list: the key of its copy in the cache. */
export function pageName(query: ListQuery): string {
  return `${listName(query)} ${query.limit} ${query.cursor ?? ''}`;
}
