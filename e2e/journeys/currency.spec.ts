// The contract is the only place that names the currency: the shop runs with another currency there.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startShop, type Shop } from '../shop.js';
import type { Shopper } from '../shopper.js';

/** Loaded before the shop, whose contract then says USD. */
const inDollars = `
import { registerHooks } from 'node:module';
registerHooks({
  load(url, context, next) {
    if (!url.endsWith('/contracts/dist/currency.js')) return next(url, context);
    return { format: 'module', source: "export const CURRENCY = 'USD';", shortCircuit: true };
  },
});`;

let shop: Shop;
let sam: Shopper;

beforeAll(async () => {
  const hooks = `data:text/javascript,${encodeURIComponent(inDollars)}`;
  shop = await startShop({ env: { NODE_OPTIONS: `--import=${hooks}` } });
  sam = shop.shopper();
  await sam.register();
});
afterAll(() => shop?.stop());

test('every product, cart, order and payment is in the currency of the contract', async () => {
  const { items } = (await sam.get('/api/products?inStock=true&limit=5')).body;
  const { slug, currency } = items[0];
  const product = (await sam.get(`/api/products/${slug}`)).body;
  const cart = (await sam.send('PUT', `/api/cart/lines/${slug}`, { quantity: 1 })).body;
  const placed = (await sam.order({ payment: { method: 'card', token: 'tok_ok' } })).body;
  const order = await sam.settled(placed.id);
  const [listed] = (await sam.get('/api/orders')).body.items;
  const [payment] = await shop.databases.payments.query<{ currency: string }>('select currency from payments');
  const found = { items: currency, product: product.currency, cart: cart.currency, placed: placed.currency };
  expect({ ...found, order: order.currency, listed: listed.currency, payment: payment!.currency }).toEqual({
    ...{ items: 'USD', product: 'USD', cart: 'USD', placed: 'USD', order: 'USD', listed: 'USD', payment: 'USD' },
  });
  expect(order.status).toBe('paid');
});

test('no column of any database has a currency as its default', async () => {
  for (const database of Object.values(shop.databases)) {
    const defaults = await database.query(
      `select table_name, column_name, column_default from information_schema.columns
       where table_schema = 'public' and (column_name like '%currency%' or column_default ~ '''[A-Z]{3}''') and column_default is not null`,
    );
    expect(defaults).toEqual([]);
  }
});

test('an order of the version that left its currency to the column is in the currency of the contract', async () => {
  const [product] = (await sam.get('/api/products?inStock=true&limit=1')).body.items;
  const lines = [{ productId: product.id, quantity: 1 }];
  const { id } = (await sam.order({ lines, payment: { method: 'card', token: 'tok_ok' } })).body;
  await shop.databases.orders.query('update orders set currency = null where id = $1', [id]);
  expect((await sam.get(`/api/orders/${id}`)).body.currency).toBe('USD');
});
