import type { Cart } from '@shop/contracts/carts';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Carts } from '../src/cart/carts.js';
import { ADA, DESK, LAMP, openShop, Client, type Shop } from './shop.js';

let shop: Shop;
beforeAll(async () => {
  shop = await openShop({ RATE_LIMITS: 'off' });
});
beforeEach(() => shop.redis.flushdb());
afterAll(() => shop.stop());

const uuid = (n: number) => `01900000-0000-7000-8000-${String(n).padStart(12, '0')}`;
const put = (who: Client, product: string, quantity: number) =>
  who.put<Cart>(`/api/cart/lines/${product}`, { quantity });
const quantities = ({ lines }: Cart) => Object.fromEntries(lines.map(({ slug, quantity }) => [slug, quantity]));

describe('a cart', () => {
  it('is empty at first, and reading it stores nothing', async () => {
    const { status, body, headers } = await new Client(shop).get<Cart>('/api/cart');
    expect([status, body]).toEqual([200, { lines: [], totalCents: 0, currency: 'EUR' }]);
    expect(headers.getSetCookie()).toEqual([]);
    expect(headers.get('cache-control')).toBe('no-store');
    expect(await shop.redis.dbsize()).toBe(0);
  });

  it('works before log-in, by id or slug, with current prices', async () => {
    const client = new Client(shop);
    await put(client, 'walnut-desk', 2);
    const { body } = await put(client, LAMP, 1);
    expect(body).toEqual({
      lines: [
        {
          productId: DESK,
          slug: 'walnut-desk',
          name: 'Walnut desk',
          quantity: 2,
          priceCents: 49900,
          lineTotalCents: 99800,
          inStock: true,
        },
        {
          productId: LAMP,
          slug: 'lamp',
          name: 'Lamp',
          quantity: 1,
          priceCents: 1999,
          lineTotalCents: 1999,
          inStock: false,
        },
      ],
      totalCents: 101799,
      currency: 'EUR',
    });
    shop.products.set(LAMP, { ...shop.products.get(LAMP)!, priceCents: 999, stock: 1 });
    expect((await client.get<Cart>('/api/cart')).body.lines[1]).toMatchObject({ priceCents: 999, inStock: true });
    shop.products.set(LAMP, { ...shop.products.get(LAMP)!, priceCents: 1999, stock: 0 });
  });

  it('shows a line as out of stock when its quantity exceeds the stock', async () => {
    const client = new Client(shop);
    expect((await put(client, 'walnut-desk', 5)).body.lines[0]?.inStock).toBe(true);
    expect((await put(client, 'walnut-desk', 6)).body.lines[0]?.inStock).toBe(false);
  });

  it('removes a line by quantity 0 and by DELETE, both idempotent', async () => {
    const client = new Client(shop);
    await put(client, DESK, 2);
    await put(client, LAMP, 1);
    expect(quantities((await put(client, DESK, 0)).body)).toEqual({ lamp: 1 });
    for (let i = 0; i < 2; i++)
      expect((await client.delete<Cart>('/api/cart/lines/lamp')).body).toEqual({
        lines: [],
        totalCents: 0,
        currency: 'EUR',
      });
    expect(await shop.redis.keys('cart:*')).toEqual([]);
  });

  it('refuses unknown products, but removes one that is gone from the catalog', async () => {
    const client = new Client(shop);
    const nothing = [await put(client, uuid(999), 1), await put(client, 'no-such', 1), await put(client, 'no-such', 0)];
    for (const { status } of nothing) expect(status).toBe(404);
    expect((await client.delete('/api/cart/lines/no-such')).status).toBe(404);
    expect(client.cookie).toBeUndefined();

    const lamp = shop.products.get(LAMP)!;
    await put(client, DESK, 1);
    await put(client, LAMP, 1);
    shop.products.delete(LAMP);
    expect(quantities((await client.get<Cart>('/api/cart')).body)).toEqual({ 'walnut-desk': 1 });
    expect((await client.delete<Cart>(`/api/cart/lines/${LAMP}`)).status).toBe(200);
    shop.products.set(LAMP, lamp);
    expect(quantities((await client.get<Cart>('/api/cart')).body)).toEqual({ 'walnut-desk': 1 });
  });

  it('keeps every one of many concurrent changes', async () => {
    const client = new Client(shop);
    await put(client, DESK, 1);
    for (let i = 0; i < 40; i++)
      shop.products.set(uuid(i), { productId: uuid(i), slug: `p-${i}`, name: 'P', priceCents: 1, stock: 9 });
    await Promise.all(Array.from({ length: 40 }, (_, i) => put(client, uuid(i), 1)));
    const { body } = await client.get<Cart>('/api/cart');
    expect(body.lines).toHaveLength(41);
    expect(body.lines[0]?.productId).toBe(DESK);
    for (let i = 0; i < 40; i++) shop.products.delete(uuid(i));
  });

  it('is kept for 7 days since its last use when it is anonymous', async () => {
    const client = new Client(shop);
    await put(client, DESK, 1);
    const [key] = await shop.redis.keys('cart:*');
    await shop.redis.pexpire(key!, 60_000);
    await client.get('/api/cart');
    expect(await shop.redis.ttl(key!)).toBeGreaterThan(6 * 24 * 3600);
  });

  it('holds at most 100 products', async () => {
    const carts = shop.running.app.get(Carts, { strict: false });
    const place = { key: 'cart:full', lifetimeMs: 60_000 };
    for (let i = 0; i < 100; i++) await carts.setLine(place, uuid(i), 1);
    await expect(carts.setLine(place, DESK, 1)).rejects.toMatchObject({ code: 'invalid_request' });
    expect((await carts.setLine(place, uuid(5), 7)).lines).toHaveLength(100);
    const other = { key: 'cart:other', lifetimeMs: 60_000 };
    await carts.setLine(other, uuid(5), 3);
    await carts.setLine(other, DESK, 1);
    await carts.merge(other, place);
    const merged = await carts.read(place);
    expect(merged.lines).toHaveLength(100);
    expect(merged.lines[5]).toEqual({ productId: uuid(5), quantity: 10 });
  });
});

describe('logging in', () => {
  it('merges the anonymous cart into the cart of the customer, up to 99 of a product', async () => {
    const phone = await new Client(shop).logIn();
    await put(phone, LAMP, 60);
    await put(phone, DESK, 1);

    const laptop = new Client(shop);
    await put(laptop, LAMP, 50);
    await laptop.logIn();
    expect(quantities((await laptop.get<Cart>('/api/cart')).body)).toEqual({ lamp: 99, 'walnut-desk': 1 });
    expect(await shop.redis.keys('cart:*')).toEqual([`cart:customer:${ADA}`]);
    await laptop.logIn();
    expect(quantities((await phone.get<Cart>('/api/cart')).body)).toEqual({ lamp: 99, 'walnut-desk': 1 });
  });

  it('keeps the cart when a customer registers', async () => {
    const client = new Client(shop);
    await put(client, DESK, 3);
    await client.post('/api/customers', { email: 'new@example.org', password: 'long-enough-now', name: 'New' });
    expect(quantities((await client.get<Cart>('/api/cart')).body)).toEqual({ 'walnut-desk': 3 });
  });

  it('merges the cart once when one session logs in twice at the same time', async () => {
    const client = new Client(shop);
    await put(client, DESK, 4);
    const [a, b] = [new Client(shop), new Client(shop)];
    a.cookie = b.cookie = client.cookie;
    await Promise.all([a.logIn(), b.logIn()]);
    expect(quantities((await a.get<Cart>('/api/cart')).body)).toEqual({ 'walnut-desk': 4 });
  });

  it('hides the cart of the customer after log-out', async () => {
    const client = await new Client(shop).logIn();
    await put(client, DESK, 1);
    await client.delete('/api/session');
    expect((await client.get<Cart>('/api/cart')).body.lines).toEqual([]);
  });
});
