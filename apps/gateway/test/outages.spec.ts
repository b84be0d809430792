import type { SessionAnswer } from '@shop/contracts/accounts';
import type { Cart } from '@shop/contracts/carts';
import { beforeEach, afterEach, describe, expect, it, vi } from 'vitest';
import { ADA, DESK, openShop, PASSWORD, Client, type Answer, type Shop } from './shop.js';

let shop: Shop;
let ada: Client;
beforeEach(async () => {
  shop = await openShop({ REQUEST_DEADLINE_MS: '3000' });
  ada = await new Client(shop).logIn();
});
afterEach(() => shop.stop());

const lines = [{ productId: DESK, quantity: 1 }];
const order = () => ada.post('/api/orders', { payment: { method: 'credit' }, lines }, { 'idempotency-key': 'k' });

function expectUnavailable({ status, body, headers }: Answer<unknown>): void {
  expect(status).toBe(503);
  expect(['unavailable', 'overloaded']).toContain((body as { code: string }).code);
  expect(Number(headers.get('retry-after'))).toBeGreaterThan(0);
}

async function expectBrowsing(who: Client): Promise<void> {
  for (const path of ['/api/products', '/api/products/walnut-desk', '/api/categories']) {
    const { status, headers } = await who.get(path);
    expect([status, headers.get('cache-control')?.split(',')[0]], path).toEqual([200, 'public']);
  }
}

describe.each(['cut', 'silence'] as const)('an outage of Redis (state) by %s', (failure) => {
  it('leaves browsing unaffected, returns 503 where a session is needed, and ends without a restart', async () => {
    await shop.state[failure]();
    await expectBrowsing(ada);
    const answers = await Promise.all([
      ada.get('/api/session'),
      ada.get('/api/cart'),
      ada.get('/api/orders'),
      ada.put(`/api/cart/lines/${DESK}`, { quantity: 1 }),
      new Client(shop).put(`/api/cart/lines/${DESK}`, { quantity: 1 }),
      new Client(shop).post('/api/session', { email: 'ada@example.org', password: PASSWORD }),
      new Client(shop).post('/api/customers', { email: 'b@example.org', password: PASSWORD, name: 'B' }),
      order(),
    ]);
    for (const answer of answers) expectUnavailable(answer);
    expect(shop.calls.get('accounts.createCustomer')).toBeUndefined();
    expect(shop.calls.get('orders.placeOrder')).toBeUndefined();
    expect((await new Client(shop).get<SessionAnswer>('/api/session')).body).toEqual({ customer: null });

    if (failure === 'silence') await shop.state.cut();
    await shop.state.mend();
    await vi.waitFor(async () => expect((await ada.get('/api/session')).status).toBe(200), { timeout: 10_000 });
    expect((await order()).status).toBe(202);
  });
});

describe.each(['cut', 'silence'] as const)('an outage of Redis (cache) by %s', (failure) => {
  it('does not affect any request', async () => {
    await shop.cache[failure]();
    await expectBrowsing(ada);
    for (let i = 0; i < 3; i++)
      expect((await ada.get<SessionAnswer>('/api/session')).body.customer?.email).toBe('ada@example.org');
    expect(shop.calls.get('accounts.getCustomer')).toHaveLength(3);
    expect((await ada.patch('/api/customers/me', { name: 'Ada L.' })).status).toBe(200);
    expect((await ada.put<Cart>(`/api/cart/lines/${DESK}`, { quantity: 1 })).status).toBe(200);
    expect((await order()).status).toBe(202);
  });
});

describe('an invalid copy in Redis (cache)', () => {
  it('does not affect any request', async () => {
    for (const copy of ['no JSON', 'null', '{}', `{"id":"${ADA}","role":"owner"}`]) {
      await shop.redis.multi().select(10).set(`customer:${ADA}`, copy).select(9).exec();
      const { status, body } = await ada.get<SessionAnswer>('/api/session');
      expect([status, body.customer], copy).toEqual([200, shop.customers.get(ADA)]);
    }
  });
});

describe('a service that is down', () => {
  it('makes its routes return 503 while other routes work', async () => {
    await expectBrowsing(ada); // Connects to every service: calls to a service that was never reached would wait for it.
    await shop.fakes.catalog.stop();
    for (const path of ['/api/products', '/api/products/walnut-desk', '/api/categories']) {
      const answer = await ada.get(path);
      expectUnavailable(answer);
      expect(answer.headers.get('cache-control')).toBe('no-store');
    }
    expectUnavailable(await ada.put(`/api/cart/lines/${DESK}`, { quantity: 1 }));
    expect((await ada.get('/api/session')).status).toBe(200);
    expect((await ada.get('/api/orders')).status).toBe(200);

    await shop.fakes.orders.stop();
    expectUnavailable(await ada.get('/api/orders'));
    expectUnavailable(await order());

    await shop.fakes.accounts.stop();
    expectUnavailable(await new Client(shop).post('/api/session', { email: 'ada@example.org', password: PASSWORD }));
  });

  it('does not count a log-in that could not be checked as a wrong password', async () => {
    await shop.fakes.accounts.stop();
    for (let i = 0; i < 12; i++)
      expectUnavailable(await new Client(shop).post('/api/session', { email: 'ada@example.org', password: PASSWORD }));
  });
});

describe('a service that hangs', () => {
  it('makes its routes return 503 within the deadline', async () => {
    const never = () => new Promise<never>(() => undefined);
    shop.catalog.getProduct = shop.orders.placeOrder = never;
    const answers = await Promise.all([ada.get('/api/products/walnut-desk'), order()]);
    for (const answer of answers) expectUnavailable(answer);
  });
});
