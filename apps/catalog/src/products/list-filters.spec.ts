import { ProductQuery, StaffProductQuery } from '@shop/contracts/products';
import { expect, it } from 'vitest';
import { filters, listName, pageName, type ListQuery } from './list-filters.js';

/** Two values of every field that a list can have. */
const values: { [F in keyof Required<ListQuery>]: [ListQuery[F], ListQuery[F]] } = {
  category: ['desk', 'kitchen'],
  q: ['oak', 'pine'],
  tag: ['oak', 'pine'],
  minPriceCents: [1, 2],
  maxPriceCents: [1, 2],
  inStock: [true, false],
  featured: [true, false],
  hidden: [true, 'any'],
  sort: ['price', 'name'],
  limit: [24, 25],
  cursor: ['a', 'b'],
};
const fields = Object.keys(values) as (keyof ListQuery)[];
const notFilters = ['sort', 'limit', 'cursor'];

it('has a row for every field of the schemas but sort, limit and cursor', () => {
  const inSchemas = new Set([...Object.keys(ProductQuery.shape), ...Object.keys(StaffProductQuery.shape)]);
  expect(new Set(fields)).toEqual(inSchemas);
  expect([...Object.keys(filters), ...notFilters].sort()).toEqual([...inSchemas].sort());
});

it.each(fields)('names pages that differ only in %s differently, with and without other filters', (field) => {
  const full = Object.fromEntries(fields.map((name) => [name, values[name][0]])) as unknown as ListQuery;
  for (const others of [{ limit: 24 }, full]) {
    const names = [undefined, ...values[field]].map((value) => {
      const query = { ...others, [field]: value };
      return pageName(field === 'limit' ? { ...query, limit: value === undefined ? 1 : Number(value) } : query);
    });
    expect(new Set(names).size).toBe(3);
  }
});

it('includes a filter that it does not know in the name of a list', () => {
  const brand = (name: string) => ({ limit: 24, brand: name }) as ListQuery;
  expect(listName(brand('a'))).not.toBe(listName(brand('b')));
  expect(listName(brand('a'))).not.toBe(listName({ limit: 24 }));
});

it('gives a list one name, whatever the order of its fields, its page and its defaults', () => {
  const query: ListQuery = { category: 'desk', hidden: 'any', limit: 24 };
  expect(listName({ limit: 5, cursor: 'x', hidden: 'any', tag: undefined, sort: 'newest', category: 'desk' })).toBe(
    listName(query),
  );
});

it('does not confuse two fields with the same value', () => {
  expect(listName({ q: 'oak', sort: 'name', limit: 24 })).not.toBe(listName({ tag: 'oak', sort: 'name', limit: 24 }));
  expect(listName({ minPriceCents: 1, limit: 24 })).not.toBe(listName({ maxPriceCents: 1, limit: 24 }));
});
