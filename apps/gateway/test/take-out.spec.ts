import type { Cart } from '@shop/contracts/carts';
import type { PlaceOrder } from '@shop/contracts/orders';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Carts } from '../src/cart/carts.js';
import { ADA, DESK, LAMP, openShop, Client, type Shop } from './shop.js';

let shop: Shop;
beforeAll(async () => {
  shop = await openShop({ RATE_LIMITS: 'off' });
});
beforeEach(() => shop.redis.flushdb());
afterAll(() => shop.stop());

describe('removing ordered lines from a cart', () => {
  const place = { key: 'cart:ordered', lifetimeMs: 60_000 };
  const carts = () => shop.running.app.get(Carts, { strict: false });
  const set = (productId: string, quantity: number) => carts().setLine(place, productId, quantity);
  const now = async () => (await carts().read(place)).lines.map(({ productId, quantity }) => [productId, quantity]);

  it('empties a cart that was ordered completely', async () => {
    await set(DESK, 1);
    const { version, lines } = await set(LAMP, 2);
    await carts().takeOut(place, version!, lines);
    expect(await carts().read(place)).toEqual({ lines: [] });
  });

  it.each([
    ['keeps an added line', [LAMP, 3], [[LAMP, 3]]],
    ['keeps an increase of a quantity', [DESK, 5], [[DESK, 3]]],
    ['removes a line whose quantity was lowered', [DESK, 1], []],
    ['does not restore a removed line', [DESK, 0], []],
  ] as const)('of a changed cart %s', async (_, change, left) => {
    const { version, lines } = await set(DESK, 2);
    await set(...(change as [string, number]));
    await carts().takeOut(place, version!, lines);
    expect(await now()).toEqual(left);
  });

  it('is idempotent', async () => {
    const { version, lines } = await set(DESK, 2);
    await set(LAMP, 1);
    for (let i = 0; i < 3; i++) await carts().takeOut(place, version!, lines);
    await set(DESK, 2);
    await carts().takeOut(place, version!, lines);
    expect(await now()).toEqual([
      [LAMP, 1],
      [DESK, 2],
    ]);
    const later = await carts().read(place);
    await carts().takeOut(place, later.version!, later.lines);
    await set(DESK, 2);
    for (const ordered of [version!, later.version!]) await carts().takeOut(place, ordered, lines);
    expect(await now()).toEqual([[DESK, 2]]);
  });

  it('replaces the version of the cart, which other changes keep', async () => {
    const versions = [];
    for (let quantity = 1; quantity <= 3; quantity += 1) versions.push((await set(DESK, quantity)).version!);
    await set(LAMP, 1);
    expect(new Set(versions).size).toBe(1);
    await carts().takeOut(place, versions[0]!, [{ productId: DESK, quantity: 3 }]);
    const { version, lines } = await carts().read(place);
    expect(lines).toEqual([{ productId: LAMP, quantity: 1 }]);
    expect(version).not.toBe(versions[0]);
  });

  it('works after an anonymous cart was merged in', async () => {
    const { version, lines } = await set(DESK, 2);
    const brought = { key: 'cart:brought', lifetimeMs: 60_000 };
    await carts().setLine(brought, DESK, 1);
    await carts().merge(brought, place);
    await carts().takeOut(place, version!, lines);
    expect(await now()).toEqual([[DESK, 1]]);
  });
});

describe('a cart that was ordered under another key', () => {
  it('is refused with that order, and its lines are removed once', async () => {
    const ada = await new Client(shop).logIn();
    const payment = { method: 'card', token: 'tok_ok' } as const;
    await ada.put(`/api/cart/lines/${DESK}`, { quantity: 2 });
    // The gateway that placed the first order stopped before it removed the lines.
    const { version } = JSON.parse((await shop.redis.get(`cart:customer:${ADA}`))!) as { version: string };
    const lines = [{ productId: DESK, quantity: 2 }];
    const place = shop.orders.placeOrder!;
    const input: PlaceOrder = { customerId: ADA, idempotencyKey: 'one', bodyHash: '', lines, payment };
    const first = await place({ ...input, cartVersion: version });
    await ada.put(`/api/cart/lines/${LAMP}`, { quantity: 1 });
    shop.orders.placeOrder = () => ({ ...first, alreadyOrdered: true as const });
    for (let i = 0; i < 2; i++) {
      const { status, body } = await ada.post('/api/orders', { payment }, { 'idempotency-key': 'another' });
      expect([status, body]).toMatchObject([409, { code: 'cart_already_ordered', orderId: first.order.id }]);
      expect((await ada.get<Cart>('/api/cart')).body.lines.map(({ slug, quantity }) => [slug, quantity])).toEqual([
        ['lamp', 1],
      ]);
    }
  });
});
