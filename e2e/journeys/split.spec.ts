import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startShop, type Shop } from '../shop.js';
import { journeys } from './journeys.js';

const two = { gateway: 2, accounts: 2, catalog: 2, orders: 2, payments: 2 };

let shop: Shop;
const door = () => shop.door();

beforeAll(async () => {
  shop = await startShop({ replicas: two });
});
afterAll(() => shop?.stop());

describe('the shop as two processes of each service', () => {
  journeys(door);

  test('every replica gets its share of the calls', async () => {
    const served = async () => {
      const texts = await shop.metrics('catalog');
      const counts = (text: string) =>
        [...text.matchAll(/^rpc_server_requests_total\{.*\} (\d+)$/gm)].map(([, n]) => Number(n));
      return texts.map((text) => counts(text).reduce((sum, count) => sum + count, 0));
    };
    const before = await served();
    // Search terms that are new, so that no cache answers.
    for (let i = 0; i < 100; i++) await fetch(`${door()}/api/products?q=word${i}`);
    const after = await served();
    const shares = after.map((count, i) => count - before[i]!);
    expect(shares.reduce((sum, share) => sum + share, 0)).toBe(100);
    for (const share of shares) expect(share).toBeGreaterThanOrEqual(30);
  });

  test('killing a catalog fails no request for products, and it is started again', async () => {
    const victim = shop.processesOf('catalog')[0]!;
    const { pid } = victim;
    process.kill(pid, 'SIGKILL');
    const statuses = await Promise.all(
      Array.from({ length: 50 }, async (_, i) => (await fetch(`${door()}/api/products?q=other${i}`)).status),
    );
    expect(new Set(statuses)).toEqual(new Set([200]));
    await expect.poll(() => victim.pid, { timeout: 10_000 }).not.toBe(pid);
  });

  test('orders are accepted while payments is down, and paid once it is back', async () => {
    const victims = shop.processesOf('payments');
    const sam = shop.shopper();
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
