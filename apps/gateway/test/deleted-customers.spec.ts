import type { SessionAnswer } from '@shop/contracts/accounts';
import type { Cart } from '@shop/contracts/carts';
import type { Order } from '@shop/contracts/orders';
import { AppError } from '@shop/rpc/errors';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { examples } from './examples.js';
import { ADA, DESK, openShop, SAM, Visitor, type Shop } from './shop.js';

/** A copy of a customer lives for 2 s. */
const SOON = { timeout: 20_000, interval: 100 };
const payment = { method: 'card', token: 'tok_ok' };
const lines = [{ productId: DESK, quantity: 1 }];

let shop: Shop;
let ada: Visitor;
beforeEach(async () => {
  shop = await openShop({ RATE_LIMITS: 'off' });
  ada = await new Visitor(shop).logIn();
});
afterEach(() => shop.stop());

const asked = (procedure: string) => shop.calls.get(procedure)?.length ?? 0;
const order = (visitor: Visitor, key: string) =>
  visitor.post('/api/orders', { payment, lines }, { 'idempotency-key': key });
const customerOf = async (visitor: Visitor) => (await visitor.get<SessionAnswer>('/api/session')).body.customer;
/** A second browser with the same cookie. */
const copyOf = (visitor: Visitor) => Object.assign(new Visitor(shop), { cookie: visitor.cookie });

describe('the sessions of a deleted customer', () => {
  it('end within seconds, on every device, whichever route is asked first', async () => {
    const phone = await new Visitor(shop).logIn();
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

  it('do not count for GET /api/session or the cart, and the cookie expires', async () => {
    shop.customers.delete(ADA);
    const seen = await copyOf(ada).get<SessionAnswer>('/api/session');
    expect([seen.status, seen.body]).toEqual([200, { customer: null }]);
    expect(seen.headers.getSetCookie()).toEqual([expect.stringMatching(/^session=; Max-Age=0/)]);
    expect(await shop.redis.keys('session:*')).toEqual([]);
  });

  it('give way to a new anonymous session for a new cart', async () => {
    await ada.put(`/api/cart/lines/${DESK}`, { quantity: 3 });
    await shop.emptyCache();
    shop.customers.delete(ADA);
    const { status, body } = await ada.put<Cart>(`/api/cart/lines/${DESK}`, { quantity: 1 });
    expect([status, body.lines.map(({ quantity }) => quantity)]).toEqual([200, [1]]);
    expect((await ada.get<Cart>('/api/cart')).body.lines).toHaveLength(1);
    expect((await ada.get('/api/orders')).status).toBe(401);
  });

  it('end while an order is being followed', async () => {
    shop.orders.getOrder = () => ({ ...(examples.Order as Order), status: 'pending' });
    const follow = () =>
      fetch(`${shop.url}/api/orders/${examples.Order.id}/events`, { headers: { cookie: ada.cookie! } });
    const stream = await follow();
    shop.customers.delete(ADA);
    expect(await stream.text()).toContain('event: status');
    expect((await follow()).status).toBe(401);
  });
});

it('a stream ends when its session does', async () => {
  shop.orders.getOrder = () => ({ ...(examples.Order as Order), status: 'pending' });
  const stream = await fetch(`${shop.url}/api/orders/${examples.Order.id}/events`, {
    headers: { cookie: ada.cookie! },
  });
  await (await new Visitor(shop).logIn()).delete('/api/sessions');
  expect(await stream.text()).toContain('event: status');
});

it('a customer deleted between the check and a change is asked to log in', async () => {
  expect(await customerOf(ada)).toMatchObject({ id: ADA });
  shop.customers.delete(ADA);
  expect((await ada.patch('/api/customers/me', { name: 'Ada L.' })).body).toMatchObject({ code: 'login_required' });
  expect((await ada.get('/api/orders')).status).toBe(401);
});

it('staff lose their access within seconds of losing the role', async () => {
  const sam = await new Visitor(shop).logIn('sam@example.org');
  expect((await sam.get('/api/staff/access')).status).toBe(204);
  shop.customers.set(SAM, { ...shop.customers.get(SAM)!, role: 'customer' });
  await expect.poll(async () => (await sam.get('/api/staff/access')).status, SOON).toBe(403);
});

it('no credit is given to a deleted customer, not even for a moment', async () => {
  const sam = await new Visitor(shop).logIn('sam@example.org');
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

  it('a customer who was there a moment ago goes on, long after the copy is no longer fresh', async () => {
    expect((await ada.get('/api/orders')).status).toBe(200);
    shop.accounts.getCustomer = down;
    const before = asked('accounts.getCustomer');
    await expect
      .poll(async () => [(await ada.get('/api/orders')).status, asked('accounts.getCustomer') > before], SOON)
      .toEqual([200, true]);
    expect((await order(ada, 'k')).status).toBe(202);
    expect(await customerOf(ada)).toMatchObject({ id: ADA });
  });

  it('a customer of whom there is no copy is not let in unchecked, and not logged out', async () => {
    const read = shop.accounts.getCustomer;
    shop.accounts.getCustomer = down;
    await shop.emptyCache();
    for (const answer of [await order(ada, 'k'), await ada.get('/api/session'), await ada.get('/api/cart')])
      expect([answer.status, answer.headers.getSetCookie()]).toEqual([503, []]);
    expect(asked('orders.placeOrder')).toBe(0);
    shop.accounts.getCustomer = read!;
    await vi.waitFor(async () => expect((await ada.get('/api/orders')).status).toBe(200), SOON);
  });

  it('a customer who was found deleted before it stays out', async () => {
    expect((await ada.get('/api/orders')).status).toBe(200);
    const phone = await new Visitor(shop).logIn();
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

  it('pages without a log-in go on, for customers too', async () => {
    shop.accounts.getCustomer = down;
    for (const path of ['/api/products', '/api/products/walnut-desk', '/api/categories'])
      expect((await ada.get(path)).status, path).toBe(200);
    const visitor = new Visitor(shop);
    expect((await visitor.put(`/api/cart/lines/${DESK}`, { quantity: 1 })).status).toBe(200);
    expect((await visitor.get('/api/cart')).status).toBe(200);
    expect(asked('accounts.getCustomer')).toBe(0);
  });
});
