import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startShop, type Shop } from '../shop.js';
import { journeys } from './journeys.js';

let shop: Shop;

beforeAll(async () => {
  shop = await startShop();
});
afterAll(() => shop?.stop());

describe('the shop in one process', () => {
  journeys(() => shop.url);

  test('shows 120 products in 8 categories', async () => {
    const { items } = (await (await fetch(`${shop.url}/api/categories`)).json()) as { items: { products: number }[] };
    expect(items).toHaveLength(8);
    // Journeys have added more.
    expect(items.reduce((sum, { products }) => sum + products, 0)).toBeGreaterThanOrEqual(120);
  });
});
