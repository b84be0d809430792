// The whole shop behind nginx, as two processes of each service, also during a roll-out.
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { describeWithNginx, edgeFor } from '@shop/tools/edge/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ShopAt, startShop, type Shop } from '../shop.js';
import { journeys } from './journeys.js';
import { Shopper } from '../shopper.js';

const VISITORS = 6;
const two = { gateway: 2, accounts: 2, catalog: 2, orders: 2, payments: 2 };

describeWithNginx('the shop behind nginx', () => {
  let shop: Shop;
  let url: string;

  beforeAll(async () => {
    shop = await startShop({ replicas: two, env: { TRUST_PROXY: '127.0.0.1' } });
    url = (await edgeFor(shop.gatewayHosts, { EDGE_BALANCE: 'round_robin' })).url;
  });
  afterAll(() => shop?.stop());

  journeys(() => url);

  test('no session is cached at the edge', async () => {
    const sam = new Shopper(url);
    await sam.register();
    const paths = ['/api/cart', '/api/session', '/api/orders', '/api/credit'];
    for (const path of paths) {
      expect((await sam.get(path)).headers.get('x-cache')).toBeNull();
      expect((await fetch(url + path)).headers.get('set-cookie')).toBeNull();
    }
    expect((await new Shopper(url).get('/api/session')).body).toEqual({ customer: null });
    const product = await sam.get('/api/products?limit=1');
    expect(product.headers.get('x-cache')).toMatch(/^(MISS|HIT|EXPIRED|REVALIDATED)$/);
    expect(product.headers.get('set-cookie')).toBeNull();
  });

  test('a change by staff is visible everywhere after two seconds, whatever is cached', async () => {
    const staff = await new ShopAt(url).staff();
    const { slug } = (await staff.get('/api/products?limit=1')).body.items[0];
    const path = `/api/products/${slug}`;
    const { version, priceCents } = (await staff.get(path)).body;
    const answers: { askedAt: number; priceCents: number; cache: string | null }[] = [];
    let reading = true;
    const reader = async () => {
      while (reading) {
        const askedAt = performance.now();
        const answer = await fetch(url + path);
        const body = (await answer.json()) as { priceCents: number };
        answers.push({ askedAt, priceCents: body.priceCents, cache: answer.headers.get('x-cache') });
      }
    };
    const readers = Promise.all(Array.from({ length: 6 }, reader));
    await expect.poll(() => answers.filter(({ cache }) => cache === 'HIT').length).toBeGreaterThan(50);
    const changed = await staff.send('PATCH', path, { priceCents: priceCents + 1 }, { 'if-match': `"${version}"` });
    const changedAt = performance.now();
    await sleep(6000);
    reading = false;
    await readers;
    expect(changed.status).toBe(200);
    // An entry is cached for two seconds, and may have taken one second to fetch.
    const late = answers.filter(({ askedAt }) => askedAt > changedAt + 3000);
    expect(late.length).toBeGreaterThan(50);
    expect(new Set(late.map((answer) => answer.priceCents))).toEqual(new Set([priceCents + 1]));
  });

  test(
    'a roll-out of a gateway and a catalog under load fails no request, and an order needs at most one retry',
    { timeout: 120_000 },
    async () => {
      const plenty = { category: 'kitchen', priceCents: 100, stock: 1_000_000, description: 'As many as you like.' };
      const staff = await new ShopAt(url).staff();
      const { id: pebble } = (await staff.send('POST', '/api/products', { name: 'Pebble', ...plenty })).body;
      const sam = new Shopper(url);
      await sam.register();
      const { items } = (await sam.get('/api/products?inStock=true&limit=50')).body;
      const refused: unknown[] = [];
      let answered = 0;
      let rolling = true;
      // nginx never retries an order, even if the chosen gateway stops at that moment; the client may.
      let again = 0;
      const order = async () => {
        const key = randomUUID();
        const body = { lines: [{ productId: pebble, quantity: 1 }], payment: { method: 'card', token: 'tok_ok' } };
        const answer = await sam.order(body, key);
        if (answer.status !== 503) return answer;
        again += 1;
        return sam.order(body, key);
      };
      const visit = async (n: number) => {
        for (let i = n; rolling; i += 7) {
          const { id } = items[i % items.length];
          for (const answer of [
            await sam.get(`/api/products/${id}?`),
            await sam.send('PUT', `/api/cart/lines/${id}`, { quantity: 1 }),
            await sam.get('/api/cart'),
            await order(),
          ])
            if (answer.status === 200 || answer.status === 202) answered += 1;
            else refused.push(answer.body);
        }
      };
      const visits = Promise.all(Array.from({ length: VISITORS }, (_, n) => visit(n)));
      for (const service of ['gateway', 'catalog'] as const) {
        const [replica] = shop.processesOf(service);
        const { pid } = replica!;
        process.kill(pid, 'SIGTERM');
        await expect.poll(() => replica!.pid, { timeout: 30_000 }).not.toBe(pid);
        await sleep(1500); // with all of them again
      }
      rolling = false;
      await visits;
      expect(refused).toEqual([]);
      expect(again).toBeLessThanOrEqual(VISITORS);
      expect(answered).toBeGreaterThan(100);
    },
  );
});
