import type { Cart } from '@shop/contracts/carts';
import type { Order, OrderPage } from '@shop/contracts/orders';
import { AppError } from '@shop/rpc/errors';
import { beforeEach, afterEach, describe, expect, it } from 'vitest';
import { ADA, DESK, LAMP, openShop, Client, type Shop } from './shop.js';

let shop: Shop;
let ada: Client;
beforeEach(async () => {
  shop = await openShop({ RATE_LIMITS: 'off' });
  ada = await new Client(shop).logIn();
});
afterEach(() => shop.stop());

const payment = { method: 'card', token: 'tok_ok' };
const order = (body: object, key?: string) =>
  ada.post<Order>('/api/orders', { payment, ...body }, key === undefined ? {} : { 'idempotency-key': key });
const refusal = async (body: object, key?: string) => {
  const answer = await order(body, key);
  return { ...answer, body: answer.body as unknown as { code: string; status: number; errors?: { field: string }[] } };
};
const cart = async () => (await ada.get<Cart>('/api/cart')).body.lines.map(({ quantity }) => quantity);
const asked = () => shop.calls.get('orders.placeOrder') ?? [];

describe('placing an order', () => {
  it('returns 202 with the Location of the order', async () => {
    const { status, body, headers } = await order({ lines: [{ productId: DESK, quantity: 2 }] }, 'key-1');
    expect(status).toBe(202);
    expect(body).toMatchObject({ status: 'pending', currency: 'EUR' });
    expect(headers.get('location')).toBe(`/api/orders/${body.id}`);
    expect(asked()).toEqual([
      {
        customerId: ADA,
        idempotencyKey: 'key-1',
        bodyHash: expect.stringMatching(/^[0-9a-f]{64}$/) as string,
        lines: [{ productId: DESK, quantity: 2 }],
        payment,
      },
    ]);
    expect((await ada.get<Order>(headers.get('location')!)).body).toEqual(body);
    expect((await ada.get<OrderPage>('/api/orders')).body.items).toEqual([body]);
  });

  it('ignores the order of JSON keys in a replay, but not a different value', async () => {
    const first = await order({ lines: [{ productId: DESK, quantity: 2 }] }, 'k');
    const again = await ada.post<Order>(
      '/api/orders',
      ` {"payment": {"token":"tok_ok","method":"card"}, "lines":[{"quantity":2,"productId":"${DESK}"}]}`,
      { 'idempotency-key': 'k', 'content-type': 'application/json' },
    );
    expect([again.status, again.body.id]).toEqual([202, first.body.id]);
    expect((await refusal({ lines: [{ productId: DESK, quantity: 3 }] }, 'k')).body).toMatchObject({
      status: 422,
      code: 'idempotency_key_reused',
    });
  });

  it('without lines orders the cart and empties it', async () => {
    await ada.put(`/api/cart/lines/${DESK}`, { quantity: 2 });
    await ada.put(`/api/cart/lines/${LAMP}`, { quantity: 1 });
    const { status } = await order({}, 'k');
    expect(status).toBe(202);
    expect(asked()[0]).toMatchObject({
      lines: [
        { productId: DESK, quantity: 2 },
        { productId: LAMP, quantity: 1 },
      ],
      cartVersion: expect.any(String) as string,
    });
    expect(await cart()).toEqual([]);
  });

  it('with lines leaves the cart unchanged', async () => {
    await ada.put(`/api/cart/lines/${LAMP}`, { quantity: 7 });
    await order({ lines: [{ productId: DESK, quantity: 1 }] }, 'k');
    expect(asked()[0]).not.toHaveProperty('cartVersion');
    expect(await cart()).toEqual([7]);
  });

  it('again with the same key returns the same order and leaves the next cart unchanged', async () => {
    await ada.put(`/api/cart/lines/${DESK}`, { quantity: 2 });
    const first = await order({}, 'k');
    await ada.put(`/api/cart/lines/${LAMP}`, { quantity: 3 });
    const again = await order({}, 'k');
    expect([again.status, again.body.id]).toEqual([202, first.body.id]);
    expect(await cart()).toEqual([3]);
  });

  it('again after a lost response removes the ordered lines from the cart', async () => {
    await ada.put(`/api/cart/lines/${DESK}`, { quantity: 2 });
    const place = shop.orders.placeOrder!;
    // The order is stored, but the answer is lost.
    shop.orders.placeOrder = async (input) => {
      await place(input);
      throw new AppError('unavailable');
    };
    expect((await refusal({}, 'k')).body.code).toBe('unavailable');
    expect(await cart()).toEqual([2]);
    shop.orders.placeOrder = place;
    expect((await order({}, 'k')).status).toBe(202);
    expect(await cart()).toEqual([]);
  });

  it.each([
    ['an added line', LAMP, 1, [1]],
    ['an increase of a quantity', DESK, 5, [3]],
  ] as const)(
    'keeps %s while the order is placed, and a replay removes nothing more',
    async (_, product, quantity, left) => {
      await ada.put(`/api/cart/lines/${DESK}`, { quantity: 2 });
      const place = shop.orders.placeOrder!;
      shop.orders.placeOrder = async (input) => {
        await ada.put(`/api/cart/lines/${product}`, { quantity });
        return place(input);
      };
      expect((await order({}, 'k')).status).toBe(202);
      expect(await cart()).toEqual(left);
      shop.orders.placeOrder = place;
      expect((await order({}, 'k')).status).toBe(202);
      expect(await cart()).toEqual(left);
    },
  );

  it('keeps the cart when the order is refused', async () => {
    await ada.put(`/api/cart/lines/${DESK}`, { quantity: 2 });
    shop.orders.placeOrder = () => {
      throw new AppError('out_of_stock', undefined, { productIds: [DESK] });
    };
    expect((await refusal({}, 'k')).body).toMatchObject({ status: 409, code: 'out_of_stock', productIds: [DESK] });
    shop.orders.placeOrder = () => {
      throw new AppError('price_changed', undefined, { totalCents: 5 });
    };
    expect((await refusal({}, 'k')).body).toMatchObject({ status: 409, code: 'price_changed', totalCents: 5 });
    expect(await cart()).toEqual([2]);
  });

  it('orders the cart without products that are gone from the catalog', async () => {
    await ada.put(`/api/cart/lines/${DESK}`, { quantity: 2 });
    await ada.put(`/api/cart/lines/${LAMP}`, { quantity: 1 });
    shop.products.delete(LAMP);
    await order({}, 'k');
    expect(asked()[0]).toMatchObject({ lines: [{ productId: DESK, quantity: 2 }] });
    expect(await shop.redis.keys('cart:*')).toEqual([]);
  });

  it('is refused for an empty cart', async () => {
    expect((await refusal({}, 'k')).body).toMatchObject({ status: 400, code: 'empty_order' });
  });
});

describe('an invalid order', () => {
  it('is refused without a valid Idempotency-Key', async () => {
    const lines = [{ productId: DESK, quantity: 1 }];
    expect((await refusal({ lines })).body).toMatchObject({ status: 400, code: 'idempotency_key_required' });
    expect((await refusal({ lines }, '')).body).toMatchObject({ status: 400, code: 'idempotency_key_required' });
    for (const key of ['x'.repeat(129), 'caf\u00e9'])
      expect((await refusal({ lines }, key)).body).toMatchObject({
        status: 400,
        code: 'invalid_request',
        errors: [{ field: 'Idempotency-Key' }],
      });
    expect((await order({ lines }, 'x'.repeat(128))).status).toBe(202);
  });

  it('is refused with the wrong fields and not passed on', async () => {
    const line = { productId: DESK, quantity: 1 };
    const wrong: [body: object, field: string][] = [
      [{ lines: [{ ...line, quantity: 0 }] }, 'lines[0].quantity'],
      [{ lines: [{ ...line, quantity: -1 }] }, 'lines[0].quantity'],
      [{ lines: [{ ...line, quantity: 100 }] }, 'lines[0].quantity'],
      [{ lines: [{ ...line, quantity: 1.5 }] }, 'lines[0].quantity'],
      [{ lines: [{ ...line, quantity: 1e300 }] }, 'lines[0].quantity'],
      [{ lines: [{ ...line, quantity: '1' }] }, 'lines[0].quantity'],
      [{ lines: [line, { ...line, productId: 'walnut-desk' }] }, 'lines[1].productId'],
      [{ lines: [line, line] }, 'lines[1].productId'],
      [{ lines: Array.from({ length: 101 }, () => line) }, 'lines'],
      [{ lines: 'all' }, 'lines'],
      [{ payment: { method: 'card' } }, 'payment.token'],
      [{ payment: { method: 'card', token: '\ud800' } }, 'payment.token'],
      [{ payment: { method: 'cash' } }, 'payment.method'],
      [{ payment: null }, 'payment'],
      [{ expectedTotalCents: -1 }, 'expectedTotalCents'],
      [
        { shippingAddress: { name: 'A', street: 'B', postalCode: 'C', city: 'D', country: 'de' } },
        'shippingAddress.country',
      ],
    ];
    for (const [body, field] of wrong) {
      const answer = await refusal(body, 'k');
      expect(answer.body, field).toMatchObject({ status: 400, code: 'invalid_request' });
      expect(
        answer.body.errors?.map((error) => error.field),
        field,
      ).toContain(field);
    }
    expect(asked()).toEqual([]);
  });

  it('is refused with the unknown product named', async () => {
    shop.orders.placeOrder = () => {
      throw new AppError('invalid_request', undefined, {
        errors: [{ field: 'lines[0].productId', message: 'is unknown' }],
      });
    };
    const { body } = await refusal({ lines: [{ productId: LAMP, quantity: 1 }] }, 'k');
    expect(body.errors).toEqual([{ field: 'lines[0].productId', message: 'is unknown' }]);
  });
});

describe('reading orders', () => {
  it('shows customers their own orders, and staff all orders', async () => {
    const { body } = await order({ lines: [{ productId: DESK, quantity: 1 }] }, 'k');
    const grace = new Client(shop);
    await grace.post('/api/customers', { email: 'grace@example.org', password: 'long-enough-now', name: 'Grace' });
    expect((await grace.get(`/api/orders/${body.id}`)).body).toMatchObject({ status: 404, code: 'not_found' });
    const staff = await new Client(shop).logIn('sam@example.org');
    expect((await staff.get<Order>(`/api/orders/${body.id}`)).body).toEqual(body);
    expect((await staff.get<Order>(`/api/orders/${body.id.toUpperCase()}`)).status).toBe(200);
  });

  it('returns 404 for malformed ids', async () => {
    for (const id of ['x', '01900000-0000-7000-8000-00000000dead', '%00'])
      expect((await ada.get(`/api/orders/${id}`)).body, id).toMatchObject({ status: 404, code: 'not_found' });
  });

  it('passes limit and cursor on', async () => {
    await ada.get('/api/orders?limit=5&cursor=abc');
    expect(shop.calls.get('orders.listOrders')).toEqual([{ customerId: ADA, limit: 5, cursor: 'abc' }]);
    for (const query of ['limit=0', 'limit=101', 'limit=x', 'cursor=', 'page=2'])
      expect((await ada.get(`/api/orders?${query}`)).body, query).toMatchObject({
        status: 400,
        code: 'invalid_request',
      });
  });
});
