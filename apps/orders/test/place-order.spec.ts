import { ordersRpc } from '@shop/contracts/orders';
import { v7 as uuidv7 } from 'uuid';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { bucketOfCustomer, bucketOfOrder } from '../src/order-id.js';
import { orderFor, startOrders, type Orders } from './orders-under-test.js';

let shop: Orders;
beforeAll(async () => {
  shop = await startOrders({ PAYMENT_GIVE_UP_SECONDS: '2' });
});
afterAll(() => shop.stop());

test('an order is placed at the catalog’s prices and paid, and its goods are confirmed', async () => {
  const [mug, lamp] = [shop.catalog.add(12_50, 10), shop.catalog.add(40_00, 10)];
  const lines = [
    { productId: mug, quantity: 2 },
    { productId: lamp, quantity: 1 },
  ];
  const request = orderFor([], { lines, expectedTotalCents: 65_00 });
  const order = await shop.place(request);
  expect(order).toMatchObject({ status: 'pending', totalCents: 65_00, refundedCents: 0, currency: 'EUR' });
  expect(order).not.toHaveProperty('reason');
  expect(order.lines[0]).toMatchObject({ productId: mug, quantity: 2, priceCents: 12_50, lineTotalCents: 25_00 });
  expect(bucketOfOrder(order.id)).toBe(bucketOfCustomer(request.customerId));

  const paid = await shop.become(order.id, 'paid');
  // Read without a customer, as staff do.
  expect(paid).toEqual({ ...order, status: 'paid', customerId: request.customerId });
  expect(shop.catalog.reservationOf(order.id)).toBe('confirmed');
  expect(shop.catalog.stockOf(mug)).toBe(8);
  expect(await shop.bookingsOf(order.id)).toHaveLength(1);
});

test.each([
  ['tok_declined', 'card_declined'],
  ['tok_down', 'provider_unavailable'],
])('an order paid with %s is rejected as %s, and its goods go back', async (token, reason) => {
  const product = shop.catalog.add(10_00, 1);
  const { id } = await shop.place(orderFor([product], { payment: { method: 'card', token } }));
  expect(shop.catalog.stockOf(product)).toBe(0);
  expect(await shop.become(id, 'rejected')).toMatchObject({ reason, totalCents: 10_00 });
  expect(shop.catalog.reservationOf(id)).toBe('released');
  expect(shop.catalog.stockOf(product)).toBe(1);
  expect(await shop.bookingsOf(id)).toEqual([]);
});

test.each(['tok_slow', 'tok_flaky'])('an order paid with %s is paid, charged once', async (token) => {
  const { id } = await shop.place(orderFor([shop.catalog.add(10_00, 1)], { payment: { method: 'card', token } }));
  await shop.become(id, 'paid');
  expect(await shop.bookingsOf(id)).toHaveLength(1);
  expect(await shop.chargesOf(id)).toHaveLength(1);
});

test('an order on store credit that its customer does not have is rejected', async () => {
  const { id } = await shop.place(orderFor([shop.catalog.add(10_00, 1)], { payment: { method: 'credit' } }));
  expect(await shop.become(id, 'rejected')).toMatchObject({ reason: 'insufficient_credit' });
});

test('the same key with the same body answers with the same order in its current state', async () => {
  const request = orderFor([shop.catalog.add(10_00, 5)], { cartVersion: 'v7' });
  const { id } = await shop.place(request);
  await shop.become(id, 'paid');
  // The cart does not count: the first request has emptied it.
  const replay = await shop.rpc.call(ordersRpc.placeOrder, { ...request, lines: [], cartVersion: undefined });
  expect(replay).toMatchObject({ order: { id, status: 'paid' }, cartVersion: 'v7' });
});

test('the same key with another body is refused, and another customer’s same key is another order', async () => {
  const request = orderFor([shop.catalog.add(10_00, 5)]);
  const { id } = await shop.place(request);
  await expect(shop.place({ ...request, bodyHash: 'f'.repeat(64) })).rejects.toMatchObject({
    code: 'idempotency_key_reused',
  });
  expect((await shop.place({ ...request, customerId: uuidv7() })).id).not.toBe(id);
});

test('fifty identical requests at once are one order, one charge and one ledger transaction', async () => {
  const product = shop.catalog.add(10_00, 100);
  const request = orderFor([product]);
  const answers = await Promise.all(Array.from({ length: 50 }, () => shop.place(request)));
  const ids = new Set(answers.map(({ id }) => id));
  expect(ids.size).toBe(1);
  const [id] = ids as Set<string>;
  await shop.become(id!, 'paid');
  expect(shop.catalog.stockOf(product)).toBe(99);
  expect(await shop.chargesOf(id!)).toEqual([{ calls: 1 }]);
  expect(await shop.bookingsOf(id!)).toHaveLength(1);
});

test('an order without lines is refused and leaves no row', async () => {
  const request = orderFor([]);
  await expect(shop.place(request)).rejects.toMatchObject({ code: 'empty_order' });
  expect(await shop.rowOf(request)).toBeUndefined();
});

test('an order out of stock is rejected, and the same key repeats the refusal even when there is stock again', async () => {
  const [scarce, plenty] = [shop.catalog.add(10_00, 0), shop.catalog.add(5_00, 9)];
  const request = orderFor([plenty, scarce]);
  const refusal = { code: 'out_of_stock', extras: { productIds: [scarce] } };
  await expect(shop.place(request)).rejects.toMatchObject(refusal);
  shop.catalog.restock(scarce, 5);
  await expect(shop.place(request)).rejects.toMatchObject(refusal);
  const { id } = (await shop.rowOf(request))!;
  expect(await shop.get(id)).toMatchObject({ status: 'rejected', reason: 'out_of_stock', totalCents: 15_00 });
  expect(shop.catalog.stockOf(plenty)).toBe(9);
  expect(shop.catalog.stockOf(scarce)).toBe(5);
});

test('a changed price is refused with the new total, and the same key repeats the refusal', async () => {
  const product = shop.catalog.add(10_00, 5);
  shop.catalog.reprice(product, 11_00);
  const request = orderFor([product], { expectedTotalCents: 10_00 });
  const refusal = { code: 'price_changed', extras: { totalCents: 11_00 } };
  await expect(shop.place(request)).rejects.toMatchObject(refusal);
  shop.catalog.reprice(product, 10_00);
  await expect(shop.place(request)).rejects.toMatchObject(refusal);
  expect(shop.catalog.stockOf(product)).toBe(5);
});

test('unknown products are named by line, and leave no row', async () => {
  const known = shop.catalog.add(10_00, 5);
  const request = orderFor([known, uuidv7(), uuidv7()]);
  await expect(shop.place(request)).rejects.toMatchObject({
    code: 'invalid_request',
    extras: { errors: [{ field: 'lines[1].productId' }, { field: 'lines[2].productId' }] },
  });
  expect(await shop.rowOf(request)).toBeUndefined();
  expect(shop.catalog.stockOf(known)).toBe(5);
});
