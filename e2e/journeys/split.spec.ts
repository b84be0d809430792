import { placeReplicas } from '@shop/tools/replicas';
import { startSplit, type Split } from '@shop/tools/split-services';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { freshShop, type FreshShop } from '../fresh-shop.js';
import { journeys } from './journeys.js';
import { Shopper } from '../shopper.js';

const two = { gateway: 2, accounts: 2, catalog: 2, orders: 2, payments: 2 };

let shop: FreshShop;
let split: Split;
let turn = 0;
const door = () => split.gateways[turn++ % split.gateways.length]!;

beforeAll(async () => {
  shop = await freshShop(13);
  split = startSplit({ places: await placeReplicas(two, 'free'), env: shop.env, logDir: shop.logDir });
  await split.ready();
});
afterAll(async () => {
  await split?.stop();
  await shop?.remove();
});

describe('the shop as two processes of each service', () => {
  journeys(door);

  test('every replica takes its share of the calls', async () => {
    const served = async (service: string) => {
      const replicas = split.processes.filter((process) => process.service === service);
      const texts = await Promise.all(
        replicas.map(async ({ opsPort }) => (await fetch(`http://127.0.0.1:${opsPort}/metrics`)).text()),
      );
      const counts = (text: string) =>
        [...text.matchAll(/^rpc_server_requests_total\{.*\} (\d+)$/gm)].map(([, n]) => Number(n));
      return texts.map((text) => counts(text).reduce((sum, count) => sum + count, 0));
    };
    const before = await served('catalog');
    // Names nobody asked for yet, so that no cache in between answers.
    for (let i = 0; i < 100; i++) await fetch(`${door()}/api/products?q=word${i}`);
    const after = await served('catalog');
    const shares = after.map((count, i) => count - before[i]!);
    expect(shares.reduce((sum, share) => sum + share, 0)).toBe(100);
    for (const share of shares) expect(share).toBeGreaterThanOrEqual(30);
  });

  test('a service that is killed fails no browsing, and comes back', async () => {
    const victim = split.processes.find(({ service }) => service === 'catalog')!;
    const { pid } = victim;
    process.kill(pid, 'SIGKILL');
    const statuses = await Promise.all(
      Array.from({ length: 50 }, async (_, i) => (await fetch(`${door()}/api/products?q=other${i}`)).status),
    );
    expect(new Set(statuses)).toEqual(new Set([200]));
    await expect.poll(() => victim.pid, { timeout: 10_000 }).not.toBe(pid);
  });

  test('while no payments run orders are taken, and paid once they are back', async () => {
    const victims = split.processes.filter(({ service }) => service === 'payments');
    const sam = new Shopper(door());
    await sam.register();
    const { items } = (await sam.get('/api/products?inStock=true&sort=price&limit=1')).body;
    for (const { pid } of victims) process.kill(pid, 'SIGKILL');
    const placed = await sam.order({
      lines: [{ productId: items[0].id, quantity: 1 }],
      payment: { method: 'card', token: 'tok_ok' },
    });
    expect(placed.status).toBe(202);
    expect(await sam.settled(placed.body.id, 30_000)).toMatchObject({ status: 'paid' });
  });
});
