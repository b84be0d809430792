import { ordersJobs, type OrderStatus, type PlaceOrder } from '@shop/contracts/orders';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { newOrderId } from '../src/order-id.js';
import { orderFor, startOrders, type Orders } from './orders-under-test.js';

let shop: Orders;
beforeAll(async () => {
  shop = await startOrders();
});
afterAll(() => shop.stop());

test('while the catalog is down orders are refused as unavailable, and placed later only if the client retries', async () => {
  const product = shop.catalog.add(10_00, 5);
  const [gone, back] = [orderFor([product]), orderFor([product])];
  await shop.toCatalog.cut();
  for (const request of [gone, back]) await expect(shop.place(request)).rejects.toMatchObject({ code: 'unavailable' });
  const { id } = (await shop.rowOf(gone))!;
  await shop.toCatalog.mend();
  await shop.become((await vi.waitFor(() => shop.place(back), { timeout: 5000 })).id, 'paid');
  await vi.waitFor(async () => expect(await shop.rowOf(gone)).toBeUndefined(), { timeout: 10_000 });
  expect(await shop.chargesOf(id)).toEqual([]);
  expect(shop.catalog.stockOf(product)).toBe(4);
});

test('a retry of the client resumes an order once the catalog is back', async () => {
  const request = orderFor([shop.catalog.add(10_00, 5)]);
  await shop.toCatalog.cut();
  await expect(shop.place(request)).rejects.toMatchObject({ code: 'unavailable' });
  await shop.toCatalog.mend();
  const order = await vi.waitFor(() => shop.place(request), { timeout: 5000 });
  expect(['pending', 'paid']).toContain(order.status);
});

test('while Redis is down orders are accepted in time, and paid once Redis is back without its data', async () => {
  await shop.toRedis.cut();
  const startedAt = performance.now();
  const order = await shop.place(orderFor([shop.catalog.add(10_00, 5)]));
  expect(order.status).toBe('pending');
  expect(performance.now() - startedAt).toBeLessThan(2000);
  await shop.redis.flushdb();
  await shop.toRedis.mend();
  await shop.become(order.id, 'paid');
  expect(await shop.chargesOf(order.id)).toEqual([{ calls: 1 }]);
});

test('wiping the queue while a payment is under way loses no order', async () => {
  const payment = { method: 'card', token: 'tok_slow' } as const;
  const { id } = await shop.place(orderFor([shop.catalog.add(10_00, 5)], { payment }));
  await vi.waitFor(async () => {
    const rows = await shop.paymentsDb.query('select from payments where order_id = $1', [id]);
    expect(rows).toHaveLength(1);
  });
  await shop.redis.flushdb();
  await shop.become(id, 'paid');
  expect(await shop.chargesOf(id)).toEqual([{ calls: 1 }]);
});

test('a payments process killed during a charge charges once after its restart', async () => {
  const payment = { method: 'card', token: 'tok_slow' } as const;
  const { id } = await shop.place(orderFor([shop.catalog.add(10_00, 5)], { payment }));
  await vi.waitFor(async () => {
    const rows = await shop.paymentsDb.query('select from payments where order_id = $1', [id]);
    expect(rows).toHaveLength(1);
  });
  await shop.replacePayments();
  await shop.become(id, 'paid', 20_000);
  expect(await shop.chargesOf(id)).toEqual([{ calls: 1 }]);
  expect(await shop.bookingsOf(id)).toHaveLength(1);
});

test.each([false, true])(
  'a new order of a process that died is placed by its client’s retry: reserved %s',
  async (reserved) => {
    const product = shop.catalog.add(10_00, 5);
    const request = orderFor([product]);
    const id = await leave(request, 'new');
    if (reserved) shop.catalog.reserve({ orderId: id, lines: request.lines });
    expect(await shop.place(request)).toMatchObject({ id });
    await shop.become(id, 'paid');
    expect(shop.catalog.stockOf(product)).toBe(4);
  },
);

test('the sweep asks for the payment of an order whose process died before it did', async () => {
  const request = orderFor([shop.catalog.add(10_00, 5)]);
  const id = await leave(request, 'pending');
  await shop.become(id, 'paid');
  expect(await shop.chargesOf(id)).toEqual([{ calls: 1 }]);
});

test.each([
  ['paid', null, 'paid'],
  ['declined', 'card_declined', 'rejected'],
] as const)('the sweep finds a %s payment whose message was lost', async (status, reason, expected) => {
  const request = orderFor([shop.catalog.add(10_00, 5)]);
  const id = await leave(request, 'pending');
  await shop.paymentsDb.query(
    `insert into payments (order_id, customer_id, amount_cents, currency, payment, status, reason, give_up_at)
     values ($1, $2, 1000, 'EUR', $3, $4, $5, now())`,
    [id, request.customerId, JSON.stringify(request.payment), status, reason],
  );
  await shop.become(id, expected);
});

test('duplicate, late and wrong messages about a payment change nothing', async () => {
  const { id } = await shop.place(orderFor([shop.catalog.add(10_00, 5)]));
  await shop.become(id, 'paid');
  const late = orderFor([shop.catalog.add(10_00, 5)]);
  const other = await shop.place(late);
  const declined = { status: 'declined', reason: 'card_declined' } as const;
  await shop.queues.add(ordersJobs.paymentSettled, { orderId: id, outcome: { status: 'paid' } });
  await shop.queues.add(ordersJobs.paymentSettled, { orderId: id, outcome: declined });
  // Jobs start in order, so these have started by the time a later order is paid.
  await shop.become(other.id, 'paid');
  await vi.waitFor(async () => expect(await shop.redis.llen('{orders}:orders:active')).toBe(0));
  expect(await shop.get(id)).toMatchObject({ status: 'paid' });
  expect(shop.catalog.reservationOf(id)).toBe('confirmed');
});

/** Leaves an order as a process does that is killed at this status. */
async function leave(request: PlaceOrder, status: OrderStatus): Promise<string> {
  const { customerId, idempotencyKey, bodyHash, lines, payment } = request;
  const id = newOrderId(customerId);
  if (status === 'pending') shop.catalog.reserve({ orderId: id, lines });
  await shop.db.query(
    `insert into orders (id, customer_id, idempotency_key, body_hash, status, requested, payment, total_cents, next_sweep_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8, now())`,
    [
      id,
      customerId,
      idempotencyKey,
      bodyHash,
      status,
      JSON.stringify(lines),
      JSON.stringify(payment),
      status === 'pending' ? 10_00 : 0,
    ],
  );
  return id;
}
