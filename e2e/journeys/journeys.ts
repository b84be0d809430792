// What customers and staff do, through the public HTTP API only; run against every way to deploy the shop.
import { randomUUID } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { refundJourneys } from './refund-journeys.js';
import { ShopAt } from '../shop.js';
import { Shopper } from '../shopper.js';

const card = (token: string) => ({ method: 'card', token });

/** `door` returns the address of a gateway; with several gateways another one each time. */
export function journeys(door: () => string): void {
  const shopper = () => new Shopper(door());
  const someProducts = async (query = 'inStock=true&sort=price&limit=5') =>
    (await shopper().get(`/api/products?${query}`)).body.items as { id: string; slug: string; priceCents: number }[];

  test('a visitor browses, fills a cart, registers, orders the cart and sees it paid', async () => {
    const sam = shopper();
    const [first, second] = await someProducts();
    expect((await sam.get(`/api/products/${first!.slug}`)).body.id).toBe(first!.id);
    await sam.send('PUT', `/api/cart/lines/${first!.slug}`, { quantity: 2 });
    await sam.send('PUT', `/api/cart/lines/${second!.id}`, { quantity: 1 });
    await sam.register();
    const cart = (await sam.get('/api/cart')).body;
    expect(cart.totalCents).toBe(2 * first!.priceCents + second!.priceCents);

    const placed = await sam.order({ payment: card('tok_ok'), expectedTotalCents: cart.totalCents });
    expect(placed.status).toBe(202);
    expect(placed.headers.get('location')).toBe(`/api/orders/${placed.body.id}`);
    const order = await sam.settled(placed.body.id);
    expect(order).toMatchObject({ status: 'paid', totalCents: cart.totalCents, refundedCents: 0 });
    expect((await sam.get('/api/cart')).body.lines).toEqual([]);
    expect((await sam.get('/api/orders')).body.items.map(({ id }: { id: string }) => id)).toEqual([order.id]);
  });

  test('the same idempotency key gives the same order at every gateway', async () => {
    const sam = shopper();
    await sam.register();
    const [product] = await someProducts();
    const body = { lines: [{ productId: product!.id, quantity: 1 }], payment: card('tok_ok') };
    const key = randomUUID();
    const answers = await Promise.all(Array.from({ length: 10 }, () => sam.order(body, key)));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([202]));
    expect(new Set(answers.map((answer) => answer.body.id)).size).toBe(1);
    await sam.settled(answers[0]!.body.id);
    expect((await sam.order(body, key)).body).toMatchObject({ id: answers[0]!.body.id, status: 'paid' });
    const other = await sam.order({ ...body, expectedTotalCents: 1 }, key);
    expect([other.status, other.body.code]).toEqual([422, 'idempotency_key_reused']);
  });

  test('a declined card rejects the order and gives the stock back', async () => {
    const sam = shopper();
    await sam.register();
    const [product] = await someProducts('inStock=true&sort=-price&limit=5');
    const stock = async () => (await shopper().get(`/api/products/${product!.id}`)).body.stock as number;
    const before = await stock();
    const placed = await sam.order({ lines: [{ productId: product!.id, quantity: 1 }], payment: card('tok_declined') });
    expect(await sam.settled(placed.body.id)).toMatchObject({ status: 'rejected', reason: 'card_declined' });
    await expect.poll(stock, { timeout: 10_000 }).toBe(before);
  });

  test('a timeout of the payment provider ends in one payment', async () => {
    const sam = shopper();
    await sam.register();
    const [product] = await someProducts();
    const placed = await sam.order({ lines: [{ productId: product!.id, quantity: 1 }], payment: card('tok_flaky') });
    expect(await sam.settled(placed.body.id, 30_000)).toMatchObject({ status: 'paid' });
  });

  test('of two buyers of the last piece, one gets it and the other is refused as out of stock', async () => {
    const staff = await new ShopAt(door()).staff();
    const categories = (await shopper().get('/api/categories')).body.items;
    const made = await staff.send('POST', '/api/products', {
      name: `Last piece ${randomUUID()}`,
      description: 'There is only one.',
      category: categories[0].slug,
      priceCents: 1999,
      stock: 1,
    });
    expect(made.status).toBe(201);
    const answers = await Promise.all(
      [shopper(), shopper()].map(async (buyer) => {
        await buyer.register();
        return buyer.order({ lines: [{ productId: made.body.id, quantity: 1 }], payment: card('tok_ok') });
      }),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([202, 409]);
    const refused = answers.find(({ status }) => status === 409)!;
    expect(refused.body).toMatchObject({ code: 'out_of_stock', productIds: [made.body.id] });
  });

  test('a price changed by staff is visible everywhere within two seconds', async () => {
    const staff = await new ShopAt(door()).staff();
    const [product] = await someProducts('sort=name&limit=1');
    const path = `/api/products/${product!.id}`;
    const { version } = (await shopper().get(path)).body;
    const priceCents = product!.priceCents + 100;
    const changed = await staff.send('PATCH', path, { priceCents }, { 'if-match': `"${version}"` });
    expect([changed.status, changed.body.priceCents]).toEqual([200, priceCents]);
    const seen = async () => (await shopper().get(path)).body.priceCents as number;
    // The edge caches a product for up to two seconds, then revalidates it.
    await expect.poll(seen, { timeout: 2500 }).toBe(priceCents);
    const late = await staff.send('PATCH', path, { priceCents: 1 }, { 'if-match': `"${version}"` });
    expect([late.status, late.body.code]).toEqual([412, 'stale_version']);
  });

  refundJourneys(door);

  describe('an invalid request is answered with a problem:', () => {
    test.each([
      ['GET', '/api/nothing', undefined, 404, 'not_found'],
      ['GET', '/api/products/no-such-thing', undefined, 404, 'not_found'],
      ['GET', '/api/products?cursor=mad', undefined, 400, 'invalid_request'],
      ['GET', '/api/products?limit=1000', undefined, 400, 'invalid_request'],
      ['DELETE', '/api/categories', undefined, 405, 'method_not_allowed'],
      ['POST', '/api/session', { email: 'x@y.zz', password: 'wrong-password' }, 401, 'bad_credentials'],
      ['POST', '/api/customers', { email: 'x@y.zz', password: 'short', name: 'X' }, 400, 'invalid_request'],
      ['POST', '/api/orders', {}, 401, 'login_required'],
      ['GET', '/livez', undefined, 404, 'not_found'],
      ['GET', '/metrics', undefined, 404, 'not_found'],
    ])('%s %s with %j is a %i %s', async (method, path, body, status, code) => {
      const answer = await shopper().send(method, path, body);
      expect([answer.status, answer.body.code]).toEqual([status, code]);
      expect(answer.headers.get('content-type')).toContain('application/problem+json');
      expect(answer.body.requestId).toBe(answer.headers.get('x-request-id'));
    });
  });
}
