// The state of a product list in its URL.
import type { ProductFilter } from '@shop/contracts/pages';
import type { ProductSort } from '@shop/contracts/products';

/** Families of colours, as images are tagged with them. */
export const colours = [
  'black',
  'grey',
  'white',
  'beige',
  'brown',
  'orange',
  'yellow',
  'green',
  'blue',
  'purple',
  'pink',
  'red',
] as const;
const sorts: readonly ProductSort[] = ['newest', 'price', '-price', 'name', 'relevance'];
const MAX_PRICE = 1_000_000;
/** Further pages do not show in the address. */
const MAX_PAGES = 20;

/** How each part of an address is read; undefined for what makes no sense. Prices are in whole units of the currency. */
const readers = {
  q: (value: unknown) => (value === undefined ? '' : String(value).trim().slice(0, 200)) || undefined,
  colour: (value: unknown) => (typeof value === 'string' && /^[a-z-]{1,40}$/.test(value) ? value : undefined),
  from: wholePrice,
  to: wholePrice,
  stock: (value: unknown) => (value === true || value === 'true' ? (true as const) : undefined),
  sort: (value: unknown) => sorts.find((sort) => sort === value),
  /** How many pages are shown; one without it. */
  pages: (value: unknown) =>
    Number.isInteger(value) && Number(value) > 1 && Number(value) <= MAX_PAGES ? Number(value) : undefined,
};

export type ListSearch = { [Name in keyof typeof readers]?: NonNullable<ReturnType<(typeof readers)[Name]>> };

export function readListSearch(address: Record<string, unknown>): ListSearch {
  return given(Object.fromEntries(Object.entries(readers).map(([name, read]) => [name, read(address[name])])));
}

export function wholePrice(value: unknown): number | undefined {
  if (value === undefined || value === '') return undefined;
  const number = Number(value);
  return Number.isFinite(number) && number >= 0 && number <= MAX_PRICE ? number : undefined;
}

/** Names every filter of the API, also those that no list offers. */
export function filterOf({ q, colour, from, to, stock, sort }: ListSearch, category?: string): ProductFilter {
  return given({
    category,
    q,
    tag: colour,
    minPriceCents: cents(from),
    maxPriceCents: cents(to),
    inStock: stock,
    featured: undefined,
    sort: sort === 'relevance' && q === undefined ? undefined : sort,
  } satisfies Record<Exclude<keyof ProductFilter, 'limit' | 'cursor'>, unknown>);
}

function cents(price: number | undefined): number | undefined {
  return price === undefined ? undefined : Math.round(price * 100);
}

/** Without undefined members: they count as filters, and would stand in addresses. */
function given<T extends object>(values: T): Partial<T> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as Partial<T>;
}
