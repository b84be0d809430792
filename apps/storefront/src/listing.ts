// What a list of products shows, as it stands in the address of its page.
import type { ProductFilter } from '@shop/contracts/pages';
import type { ProductSort } from '@shop/contracts/products';

/** Prices in whole units of the currency, as people type them. */
export interface ListSearch {
  q?: string;
  colour?: string;
  from?: number;
  to?: number;
  stock?: true;
  sort?: ProductSort;
  /** How many pages of it are shown; one unless said. */
  pages?: number;
}

/** Families of colours, as pictures are tagged with them. */
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
const MOST_PRICE = 1_000_000;
/** Beyond that, the address says no more of it. */
const MOST_PAGES = 20;

/** Whatever the address says; what makes no sense is left out. */
export function readListSearch(search: Record<string, unknown>): ListSearch {
  const { q, colour, from, to, stock, sort, pages } = search;
  const words = q === undefined ? '' : String(q).trim().slice(0, 200);
  return {
    ...(words && { q: words }),
    ...(typeof colour === 'string' && /^[a-z-]{1,40}$/.test(colour) && { colour }),
    ...(wholePrice(from) !== undefined && { from: wholePrice(from) }),
    ...(wholePrice(to) !== undefined && { to: wholePrice(to) }),
    ...((stock === true || stock === 'true') && { stock: true as const }),
    ...(sorts.includes(sort as ProductSort) && { sort: sort as ProductSort }),
    ...(isPageCount(pages) && { pages }),
  };
}

function isPageCount(value: unknown): value is number {
  return Number.isInteger(value) && Number(value) > 1 && Number(value) <= MOST_PAGES;
}

export function wholePrice(value: unknown): number | undefined {
  if (value === undefined || value === '') return undefined;
  const number = Number(value);
  return Number.isFinite(number) && number >= 0 && number <= MOST_PRICE ? number : undefined;
}

export function filterOf({ q, colour, from, to, stock, sort }: ListSearch, category?: string): ProductFilter {
  return {
    ...(category !== undefined && { category }),
    ...(q !== undefined && { q }),
    ...(colour !== undefined && { tag: colour }),
    ...(from !== undefined && { minPriceCents: Math.round(from * 100) }),
    ...(to !== undefined && { maxPriceCents: Math.round(to * 100) }),
    ...(stock && { inStock: true }),
    ...(sort !== undefined && !(sort === 'relevance' && q === undefined) && { sort }),
  };
}
