import type { SessionAnswer } from '@shop/contracts/accounts';
import type { Cart } from '@shop/contracts/carts';
import type { Order } from '@shop/contracts/orders';
import { AppError } from '@shop/rpc/errors';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { examples } from './examples.js';
import { ADA, DESK, openShop, SAM, Client, type Shop } from './shop.js';

/** The TTL of the cached copy is 2 s. */
const SOON = { timeout: 20_000, interval: 100 };
const payment = { method: 'card', token: 'tok_ok' };
const lines = [{ productId: DESK, quantity: 1 }];

let shop: Shop;
let ada: Client;
beforeEach(async () => {
  shop = await openShop({ RATE_LIMITS: 'off' });
  ada = await new Client(shop).logIn();
});
afterEach(() => shop.stop());

const asked = (procedure: string) => shop.calls.get(procedure)?.length ?? 0;
const order = (client: Client, key: string) =>
  client.post('/api/orders', { payment, lines }, { 'idempotency-key': key });
const customerOf = async (client: Client) => (await client.get<SessionAnswer>('/api/session')).body.customer;
/** A second browser with the same cookie. */
const copyOf = (client: Client) => Object.assign(new Client(shop), { cookie: client.cookie });

describe('the sessions of a deleted customer', () => {
  it('end within seconds on every device, with any route as the first request', async () => {
    const phone = await new Client(shop).logIn();
    expect((await order(ada, 'before')).status).toBe(202);
    await ada.put(`/api/cart/lines/${DESK}`, { quantity: 1 });
    shop.customers.delete(ADA);
    await expect.poll(async () => (await copyOf(ada).get('/api/orders')).status, SOON).toBe(401);

    const placed = asked('orders.placeOrder');
    const answers = [
      await order(copyOf(ada), 'after'),
      await copyOf(ada).get('/api/orders'),
      await copyOf(ada).get(`/api/orders/${examples.Order.id}`),
      await copyOf(ada).get(`/api/orders/${examples.Order.id}/events`),
      await copyOf(ada).get('/api/credit'),
      await copyOf(ada).patch('/api/customers/me', { name: 'Ada L.' }),
      await copyOf(phone).delete('/api/sessions'),
      await copyOf(phone).get('/api/staff/orders'),
    ];
    for (const { status, body } of answers) expect([status, body.code]).toEqual([401, 'login_required']);
    expect(asked('orders.placeOrder')).toBe(placed);
    expect(await customerOf(copyOf(ada))).toBeNull();
    expect((await copyOf(ada).get<Cart>('/api/cart')).body.lines).toEqual([]);
    expect(await shop.redis.keys('session:*')).toEqual([]);
  });

  it('are anonymous for GET /api/session and the cart, and the cookie expires', async () => {
    shop.customers.delete(ADA);
    const seen = await copyOf(ada).get<SessionAnswer>('/api/session');
    expect([seen.status, seen.body]).toEqual([200, { customer: null }]);
    expect(seen.headers.getSetCookie()).toEqual([expect.stringMatching(/^session=; Max-Age=0/)]);
    expect(await shop.redis.keys('session:*')).toEqual([]);
  });

  it('are replaced by an anonymous session when a new cart begins', async () => {
    await ada.put(`/api/cart/lines/${DESK}`, { quantity: 3 });
    await shop.emptyCache();
    shop.customers.delete(ADA);
    const { status, body } = await ada.put<Cart>(`/api/cart/lines/${DESK}`, { quantity: 1 });
    expect([status, body.lines.map(({ quantity }) => quantity)]).toEqual([200, [1]]);
    expect((await ada.get<Cart>('/api/cart')).body.lines).toHaveLength(1);
    expect((await ada.get('/api/orders')).status).toBe(401);
  });

  it('end while a stream of an order is open', async () => {
    shop.orders.getOrder = () => ({ ...(examples.Order as Order), status: 'pending' });
    const follow = () =>
      fetch(`${shop.url}/api/orders/${examples.Order.id}/events`, { headers: { cookie: ada.cookie! } });
    const stream = await follow();
    shop.customers.delete(ADA);
    expect(await stream.text()).toContain('event: status');
    expect((await follow()).status).toBe(401);
  });
});

it('a stream ends when its session ends', async () => {
  shop.orders.getOrder = () => ({ ...(examples.Order as Order), status: 'pending' });
  const stream = await fetch(`${shop.url}/api/orders/${examples.Order.id}/events`, {
    headers: { cookie: ada.cookie! },
  });
  await (await new Client(shop).logIn()).delete('/api/sessions');
  expect(await stream.text()).toContain('event: status');
});

it('a change by a customer who was deleted after the session check returns 401', async () => {
  expect(await customerOf(ada)).toMatchObject({ id: ADA });
  shop.customers.delete(ADA);
  expect((await ada.patch('/api/customers/me', { name: 'Ada L.' })).body).toMatchObject({ code: 'login_required' });
  expect((await ada.get('/api/orders')).status).toBe(401);
});

it('staff lose their access within seconds of losing the role', async () => {
  const sam = await new Client(shop).logIn('sam@example.org');
  expect((await sam.get('/api/staff/access')).status).toBe(204);
  shop.customers.set(SAM, { ...shop.customers.get(SAM)!, role: 'customer' });
  await expect.poll(async () => (await sam.get('/api/staff/access')).status, SOON).toBe(403);
});

it('store credit for a deleted customer is refused at once, without the cached copy', async () => {
  const sam = await new Client(shop).logIn('sam@example.org');
  await customerOf(ada);
  shop.customers.delete(ADA);
  const gift = await sam.post(`/api/customers/${ADA}/credit`, { amountCents: 1, reference: 'r' });
  expect([gift.status, gift.body.code]).toEqual([404, 'not_found']);
  expect(asked('payments.giveCredit')).toBe(0);
});

describe('while accounts is down', () => {
  const down = () => {
    throw new AppError('unavailable');
  };

  it('a customer seen in the last ten minutes keeps access after the fresh copy has expired', async () => {
    expect((await ada.get('/api/orders')).status).toBe(200);
    shop.accounts.getCustomer = down;
    const before = asked('accounts.getCustomer');
    await expect
      .poll(async () => [(await ada.get('/api/orders')).status, asked('accounts.getCustomer') > before], SOON)
      .toEqual([200, true]);
    expect((await order(ada, 'k')).status).toBe(202);
    expect(await customerOf(ada)).toMatchObject({ id: ADA });
  });

  it('a customer without a cached copy gets 503 and stays logged in', async () => {
    const read = shop.accounts.getCustomer;
    shop.accounts.getCustomer = down;
    await shop.emptyCache();
    for (const answer of [await order(ada, 'k'), await ada.get('/api/session'), await ada.get('/api/cart')])
      expect([answer.status, answer.headers.getSetCookie()]).toEqual([503, []]);
    expect(asked('orders.placeOrder')).toBe(0);
    shop.accounts.getCustomer = read!;
    await vi.waitFor(async () => expect((await ada.get('/api/orders')).status).toBe(200), SOON);
  });

  it('a customer found deleted before the outage stays logged out', async () => {
    expect((await ada.get('/api/orders')).status).toBe(200);
    const phone = await new Client(shop).logIn();
    shop.customers.delete(ADA);
    await expect.poll(async () => (await copyOf(ada).get('/api/orders')).status, SOON).toBe(401);
    shop.accounts.getCustomer = down;
    expect((await phone.get('/api/orders')).status).toBe(401);
  });

  it('log-out works', async () => {
    shop.accounts.getCustomer = down;
    expect((await ada.delete('/api/session')).status).toBe(204);
    expect(await shop.redis.keys('session:*')).toEqual([]);
  });

  it('pages that need no log-in work for everyone', async () => {
    shop.accounts.getCustomer = down;
    for (const path of ['/api/products', '/api/products/walnut-desk', '/api/categories'])
      expect((await ada.get(path)).status, path).toBe(200);
    const client = new Client(shop);
    expect((await client.put(`/api/cart/lines/${DESK}`, { quantity: 1 })).status).toBe(200);
    expect((await client.get('/api/cart')).status).toBe(200);
    expect(asked('accounts.getCustomer')).toBe(0);
  });
});
