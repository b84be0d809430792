import { expect, it } from 'vitest';
import { slugOf } from '../products/slugs.js';
import { madeUpProduct } from './made-up-products.js';
import written from './products.json' with { type: 'json' };

it('generates the maximum number of products with different slugs', () => {
  const slugs = new Set(written.flatMap(({ products }) => products.map(({ name }) => slugOf(name))));
  expect(slugs.size).toBe(120);
  for (let i = 0; i < 150_000; i++) slugs.add(slugOf(madeUpProduct(i).name));
  expect(slugs.size).toBe(150_120);
});

it('generates the same product every time, with a description, a price and stock', () => {
  expect(madeUpProduct(4711)).toEqual(madeUpProduct(4711));
  for (let i = 0; i < 1000; i++) {
    const { description, priceCents, stock } = madeUpProduct(i);
    expect(description).toMatch(/^([^.]+\. ){2}[^.]+\.$/);
    expect(priceCents).toBeGreaterThan(0);
    expect(stock).toBeGreaterThanOrEqual(0);
  }
});
