import { productsPath } from '@shop/contracts/pages';
import { expect, test } from 'vitest';
import { filterOf, readListSearch } from './listing.js';

test('what stands in the address of a list is what the shop is asked for', () => {
  const search = readListSearch({ q: ' oak ', colour: 'brown', from: '10', to: 49.9, stock: true, sort: '-price' });
  expect(productsPath(filterOf(search, 'kitchen'))).toBe(
    '/api/products?category=kitchen&q=oak&tag=brown&minPriceCents=1000&maxPriceCents=4990&inStock=true&sort=-price',
  );
});

test.each([
  [{ q: '  ', colour: 'a b', from: -1, to: 'much', stock: 'no', sort: 'random', pages: 1 }, {}],
  [{ pages: 3 }, { pages: 3 }],
  [{ pages: 2.5 }, {}],
  [{ pages: 1e9 }, {}],
  [
    { q: 12, stock: 'true', from: '' },
    { q: '12', stock: true },
  ],
])('%j in an address means %j', (address, meant) => {
  expect(readListSearch(address)).toEqual(meant);
});

test('the best match is the order of a search only', () => {
  expect(filterOf({ sort: 'relevance' })).toEqual({});
  expect(filterOf({ sort: 'relevance', q: 'oak' })).toEqual({ sort: 'relevance', q: 'oak' });
});
