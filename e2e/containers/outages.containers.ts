// Each container is killed in turn under load: what keeps working, what fails, and that everything recovers.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { findK6 } from '@shop/tools/load/k6-program';
import { runK6, type Summary } from '@shop/tools/load/run-k6';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Shopper } from '../shopper.js';
import { ComposeShop, docker } from '../compose.js';

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

/** The status of each part of the shop for a client; 0 if there is no response. */
async function seen(buyer: Shopper, productId: string): Promise<typeof wholeShop> {
  const lines = [{ productId, quantity: 1 }];
  const statusOf = (answer: Promise<{ status: number }>) =>
    answer.then(
      ({ status }) => status,
      () => 0,
    );
  const [browse, cart, order] = await Promise.all([
    statusOf(fetch(`${shop.url}/api/products?inStock=true&limit=1`)),
    statusOf(buyer.get('/api/cart')),
    statusOf(buyer.order({ lines, payment: card })),
  ]);
  return { browse, cart, order };
}

async function load(seconds = 15): Promise<Summary & { output: string }> {
  // Every flow a few times, with generous latency limits; each test says which failures it allows.
  const env = { TARGET: shop.url, LOAD: 'smoke', RATE: '20', DURATION: `${seconds}s`, PATIENCE: '20' };
  const { summary, output } = await runK6({ program: await findK6(), flow: 'mixed', env, dir });
  if (!summary) throw new Error(output);
  return { ...summary, output };
}

const none = { browse: 0, cart: 0, order: 0 };

// Browsing continues from the edge cache. Requests that need the killed container are refused; nothing hangs. `unharmed`: flows
// of the load test in which no request fails from before the kill until after the recovery.
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
  const sam = shop.shopper();
  await sam.register();
  const { items: products } = (await sam.get('/api/products?inStock=true&limit=1')).body;
  await sam.send('PUT', `/api/cart/lines/${products[0].id}`, { quantity: 1 });
  const look = () => seen(sam, products[0].id);
  expect(await look()).toEqual(wholeShop);
  const loading = load();
  await sleep(4000);
  await shop.compose('kill', service);
  const startedAt = performance.now();
  const during = await look();
  expect(performance.now() - startedAt).toBeLessThan(25_000);
  expect(during).toEqual({ ...expected, cart: during.cart });
  // For a moment, carts take their prices from a cache.
  await expect.poll(async () => (await look()).cart, { timeout: 25_000 }).toBe(expected.cart);
  await shop.up('--no-recreate');
  await expect.poll(look, { timeout: 30_000, interval: 500 }).toEqual(wholeShop);
  const { flows } = await loading;
  for (const name of unharmed) expect({ name, ...flows[name] }).toMatchObject({ failed: 0, right: 1 });
  console.log(
    service,
    Object.entries(flows)
      .map(([name, { failed }]) => `${name} ${(failed * 100).toFixed(1)} %`)
      .join(),
  );
  await expect.poll(unsettled, { timeout: 90_000, interval: 1000 }).toEqual([]);
});

/** Orders of all customers that are neither paid nor rejected. */
async function unsettled(): Promise<string[]> {
  const query = `select id from orders where status not in ('paid', 'rejected')`;
  const rows = await shop.compose('exec', '-T', 'postgres', 'psql', '-U', 'postgres', '-d', 'orders', '-Atc', query);
  return rows.trim().split('\n').filter(Boolean);
}

test('stopping one of two replicas of each service fails no request', async () => {
  const services = ['gateway', 'accounts', 'catalog', 'orders', 'payments', 'image-worker'];
  await shop.up('--no-recreate', ...services.flatMap((service) => ['--scale', `${service}=2`]));
  const loading = load(30);
  await sleep(4000);
  const stopped = await Promise.all(services.map(async (service) => (await shop.containersOf(service))[1]!));
  for (const container of stopped) await docker('stop', container);
  const states = await docker('inspect', '-f', '{{.State.ExitCode}}', ...stopped);
  expect(states.split('\n')).toEqual(services.map(() => '0'));
  const { flows, output } = await loading;
  for (const [name, flow] of Object.entries(flows))
    expect({ name, ...flow }, output).toMatchObject({ failed: 0, right: 1 });
  await expect.poll(unsettled, { timeout: 90_000, interval: 1000 }).toEqual([]);
});
