// Each container is killed in turn while the load test runs: what goes on, what does not, and that all of it comes back.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { findK6 } from '@shop/tools/load/k6-program';
import { runK6, type Summary } from '@shop/tools/load/run-k6';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Shopper } from '../test/shopper.js';
import { ComposeShop } from './compose-shop.js';

const card = { method: 'card', token: 'tok_ok' };
const wholeShop = { browse: 200, cart: 200, order: 202 };

let shop: ComposeShop;
const dir = mkdtempSync(join(tmpdir(), 'shop-load-'));

beforeAll(async () => {
  shop = await ComposeShop.create('shop-test-deaths');
  await shop.compose('down', '--volumes', '--remove-orphans');
  await shop.up();
});
afterAll(async () => {
  await shop?.compose('down', '--volumes', '--remove-orphans', '--timeout', '30');
  rmSync(dir, { recursive: true, force: true });
});

/** What a visitor sees of each part of the shop; 0 is no answer at all. */
async function seen(visitor: Shopper, productId: string): Promise<typeof wholeShop> {
  const lines = [{ productId, quantity: 1 }];
  const statusOf = (answer: Promise<{ status: number }>) =>
    answer.then(
      ({ status }) => status,
      () => 0,
    );
  const [browse, cart, order] = await Promise.all([
    statusOf(fetch(`${shop.url}/api/products?inStock=true&limit=1`)),
    statusOf(visitor.get('/api/cart')),
    statusOf(visitor.order({ lines, payment: card })),
  ]);
  return { browse, cart, order };
}

async function load(): Promise<Summary> {
  // Wide limits for time; what may fail is said by each test.
  const env = { TARGET: shop.url, LOAD: 'steady', RATE: '20', DURATION: '15s', PATIENCE: '20' };
  const { summary, output } = await runK6({ program: await findK6(), flow: 'mixed', env, dir });
  if (!summary) throw new Error(output);
  return summary;
}

const none = { browse: 0, cart: 0, order: 0 };

// Browsing goes on from copies at the edge. Whoever needs what is away is told so; nothing hangs. `unharmed`: flows of the
// load test in which not one request fails, from before the death until after the return.
test.each([
  ['image-worker', wholeShop, ['browse', 'search', 'cart', 'account', 'order']],
  ['redis-cache', wholeShop, ['browse', 'search', 'cart', 'account', 'order']],
  ['payments', wholeShop, ['browse', 'search', 'cart']],
  ['accounts', wholeShop, ['browse', 'search', 'cart']],
  ['orders', { browse: 200, cart: 200, order: 503 }, ['browse', 'search', 'cart']],
  ['redis-state', { browse: 200, cart: 503, order: 503 }, ['browse', 'search']],
  ['catalog', { browse: 200, cart: 503, order: 503 }, []],
  ['gateway', { browse: 200, cart: 503, order: 503 }, []],
  ['postgres', { browse: 200, cart: 503, order: 503 }, []],
  ['edge', none, []],
])('%s: the shop does what it still can, and all of it afterwards', async (service, expected, unharmed) => {
  const sam = new Shopper(shop.url);
  await sam.register();
  const { items: products } = (await sam.get('/api/products?inStock=true&limit=1')).body;
  const look = () => seen(sam, products[0].id);
  expect(await look()).toEqual(wholeShop);
  const loading = load();
  await sleep(4000);
  await shop.compose('kill', service);
  const startedAt = performance.now();
  const during = await look();
  expect(performance.now() - startedAt).toBeLessThan(25_000);
  // An empty cart needs no prices.
  const cart = service === 'catalog' || service === 'postgres' ? during.cart : expected.cart;
  expect(during).toEqual({ ...expected, cart });
  await shop.up('--no-recreate');
  await expect.poll(look, { timeout: 30_000, interval: 500 }).toEqual(wholeShop);
  const { flows } = await loading;
  for (const name of unharmed) if (flows[name]) expect({ name, ...flows[name] }).toMatchObject({ failed: 0, right: 1 });
  console.log(
    service,
    Object.entries(flows)
      .map(([name, { failed }]) => `${name} ${(failed * 100).toFixed(1)} %`)
      .join(),
  );
  const { items } = (await sam.get('/api/orders')).body;
  for (const { id } of items) expect(await sam.settled(id, 60_000)).toMatchObject({ status: 'paid' });
});
