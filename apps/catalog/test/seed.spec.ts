import { catalogRpc } from '@shop/contracts/catalog';
import type { TestDatabase } from '@shop/kit/testing/stores';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createCatalogDatabase, startCatalog } from './catalog-under-test.js';

let database: TestDatabase;
beforeEach(async () => {
  database = await createCatalogDatabase();
});
afterEach(() => database.drop());

const slugs = async () => (await database.query<{ slug: string }>('select slug from products')).map(({ slug }) => slug);
const product = { name: 'Hook', description: 'Holds a coat.', priceCents: 100, stock: 1 };

it('refuses to start on the catalog of a real shop, with one line, and adds no product', async () => {
  const shop = await startCatalog(database);
  await shop.rpc.call(catalogRpc.createCategory, { slug: 'hooks', name: 'Hooks' });
  await shop.rpc.call(catalogRpc.createProduct, { ...product, category: 'hooks' });
  await shop.stop();
  const refused = await startCatalog(database, { SEED: 'demo' }).catch((error: Error) => error.message);
  expect(refused).toMatch(/^SEED=demo is refused: .* Set SEED=none\.$/);
  expect(await slugs()).toEqual(['hook']);
  expect(await database.query('select slug from categories')).toEqual([{ slug: 'hooks' }]);
});

it.each(['0', '20'])('starts again on a demo shop of %s products after staff have added one', async (SEED_PRODUCTS) => {
  const shop = await startCatalog(database, { SEED: 'demo', SEED_PRODUCTS });
  await shop.rpc.call(catalogRpc.createProduct, { ...product, category: 'home' });
  await shop.stop();
  await (await startCatalog(database, { SEED: 'demo', SEED_PRODUCTS })).stop();
  expect(await slugs()).toHaveLength(Number(SEED_PRODUCTS) + 1);
});
