import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { orderFor, startOrders, type Orders } from './orders-under-test.js';

let shop: Orders;
beforeAll(async () => {
  shop = await startOrders({ ORDERS_WITHDRAW_SECONDS: '1' });
  await shop.place(orderFor([shop.catalog.add(10_00, 5)])); // Who was never reached would be waited for.
});
afterAll(() => shop.stop());

test('an order that could not be taken in time is withdrawn, so that nobody is charged by surprise', async () => {
  const product = shop.catalog.add(10_00, 5);
  const request = orderFor([product]);
  await shop.toCatalog.cut();
  await expect(shop.place(request)).rejects.toMatchObject({ code: 'unavailable' });
  const { id } = (await shop.rowOf(request))!;
  const withdrawn = () => shop.db.query('select from orders where id = $1 and withdrawn_at is not null', [id]);
  await vi.waitFor(async () => expect(await withdrawn()).toHaveLength(1), { timeout: 20_000, interval: 50 });
  await expect(shop.place(request)).rejects.toMatchObject({ code: 'unavailable' });
  await shop.toCatalog.mend();

  // The customer who comes back with the same key gets the order, under a new id.
  const order = await vi.waitFor(() => shop.place(request), { timeout: 5000 });
  expect(order.id).not.toBe(id);
  await shop.become(order.id, 'paid');
  expect(await shop.chargesOf(id)).toEqual([]);
});

test('the goods of a withdrawn order go back', async () => {
  const product = shop.catalog.add(10_00, 5);
  const request = orderFor([product]);
  await shop.db.query(
    `insert into orders (id, customer_id, idempotency_key, body_hash, requested, payment, created_at, next_sweep_at)
     values ($1, $2, $3, $4, $5, $6, now() - interval '1 hour', now() + interval '0.3 seconds')`,
    [
      ...[request.idempotencyKey, request.customerId, request.idempotencyKey, request.bodyHash],
      ...[JSON.stringify(request.lines), JSON.stringify(request.payment)],
    ],
  );
  shop.catalog.reserve({ orderId: request.idempotencyKey, lines: request.lines });
  await vi.waitFor(() => expect(shop.catalog.reservationOf(request.idempotencyKey)).toBe('released'), 5000);
  expect(shop.catalog.stockOf(product)).toBe(5);
  await vi.waitFor(async () => expect(await shop.rowOf(request)).toBeUndefined(), 5000);
});
