// An order that was never confirmed to its client is cancelled and never charged.
import { ordersRpc, type Order, type PlaceOrder } from '@shop/contracts/orders';
import { runInContext } from '@shop/rpc/context';
import { v7 as uuidv7 } from 'uuid';
import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { newOrderId } from '../src/order-id.js';
import { orderFor, startOrders, type Orders } from './orders-under-test.js';

let shop: Orders;
beforeAll(async () => {
  shop = await startOrders({ ORDERS_WITHDRAW_SECONDS: '2' });
  await shop.place(orderFor([shop.catalog.add(10_00, 5)])); // Later calls fail fast only if the catalog was reached once.
});
beforeEach(() => void (shop.catalog.held = Promise.resolve()));
afterAll(() => shop.stop());

/** Places an order with a deadline. */
const placeWithin = (ms: number, request: PlaceOrder): Promise<Order> =>
  runInContext({ requestId: uuidv7(), deadlineAt: performance.now() + ms }, () => shop.place(request));
const vanish = (request: PlaceOrder) =>
  vi.waitFor(async () => expect(await shop.rowOf(request)).toBeUndefined(), { timeout: 20_000, interval: 50 });
const holdCatalog = () => {
  let release = () => undefined as void;
  shop.catalog.held = new Promise((resolve) => (release = resolve));
  return release;
};

test('an order whose goods are reserved too late for its caller is not placed, and its goods go back', async () => {
  const product = shop.catalog.add(10_00, 5);
  const request = orderFor([product]);
  const release = holdCatalog();
  const placed = placeWithin(1000, request).catch((error: unknown) => error);
  await vi.waitFor(async () => expect(await shop.rowOf(request)).toBeDefined());
  const { id } = (await shop.rowOf(request))!;
  expect(await placed).toMatchObject({ code: 'unavailable' });
  // Its row exists until its goods are released, but its client does not see it.
  await expect(shop.get(id)).rejects.toMatchObject({ code: 'not_found' });
  const { customerId } = request;
  expect((await shop.rpc.call(ordersRpc.listOrders, { customerId, limit: 24 })).items).toEqual([]);
  release();
  await vanish(request);
  expect(shop.catalog.reservationOf(id)).toBe('released');
  expect(shop.catalog.stockOf(product)).toBe(5);
  expect(await shop.chargesOf(id)).toEqual([]);

  // The customer retries with the same key.
  const order = await shop.place(request);
  await shop.become(order.id, 'paid');
  expect(await shop.chargesOf(order.id)).toEqual([{ calls: 1 }]);
  expect(shop.catalog.stockOf(product)).toBe(4);
});

test('an order whose row is locked for longer than its caller waits is not placed', async () => {
  const request = orderFor([shop.catalog.add(10_00, 5)]);
  const release = holdCatalog();
  const placed = placeWithin(1000, request).catch((error: unknown) => error);
  await vi.waitFor(async () => expect(await shop.rowOf(request)).toBeDefined());
  const { id } = (await shop.rowOf(request))!;
  const unlock = await shop.db.lock('select from orders where id = $1 for update', [id]);
  release();
  expect(await placed).toMatchObject({ code: 'unavailable' });
  await unlock();
  await vanish(request);
  expect(await shop.chargesOf(id)).toEqual([]);
});

test('an order that became pending while its database was unreachable is confirmed once the database is back', async () => {
  const request = orderFor([shop.catalog.add(10_00, 5)]);
  const release = holdCatalog();
  const placed = placeWithin(20_000, request);
  const statusOf = async () => (await shop.rowOf(request))?.status;
  await vi.waitFor(async () => expect(await statusOf()).toBe('new'));
  const unlock = await shop.db.lock('select from orders where idempotency_key = $1 for update', [
    request.idempotencyKey,
  ]);
  release();
  const accepting = () =>
    shop.db.query(`select from pg_stat_activity where wait_event_type = 'Lock' and query like '%''pending''%'`);
  await vi.waitFor(async () => expect(await accepting()).toHaveLength(1));
  await shop.toDb.cut();
  await unlock();
  await vi.waitFor(async () => expect(await statusOf()).toBe('pending'));
  await shop.toDb.mend();
  const { id } = await placed;
  await shop.become(id, 'paid');
});

test('an order that could not be written in time is not placed later', async () => {
  const product = shop.catalog.add(10_00, 5);
  const request = orderFor([product]);
  const unlock = await shop.db.lock('lock table orders in share row exclusive mode');
  await expect(placeWithin(500, request)).rejects.toMatchObject({ code: 'unavailable' });
  await unlock();
  const inserting = () =>
    shop.db.query(`select from pg_stat_activity where query like 'insert into orders%' and state = 'active'`);
  await vi.waitFor(async () => expect(await inserting()).toEqual([]));
  await vanish(request);
  expect(shop.catalog.stockOf(product)).toBe(5);
});

test('an order whose process died is cancelled at the end of its client’s lease', async () => {
  const product = shop.catalog.add(10_00, 5);
  const request = orderFor([product]);
  const id = await leave(request, '1 hour');
  shop.catalog.reserve({ orderId: id, lines: request.lines });
  await vanish(request);
  expect(shop.catalog.reservationOf(id)).toBe('released');
  expect(shop.catalog.stockOf(product)).toBe(5);
});

test('a retry of the client renews its lease of the order', async () => {
  const request = orderFor([shop.catalog.add(10_00, 5)]);
  const id = await leave(request, '1 hour', '1 hour');
  const release = holdCatalog();
  const placed = shop.place(request);
  await vi.waitFor(async () =>
    expect(
      await shop.db.query('select from orders where id = $1 and renewed_at > now() - interval $$5 seconds$$', [id]),
    ).toHaveLength(1),
  );
  await shop.db.query('update orders set next_sweep_at = now() where id = $1', [id]);
  const swept = () => shop.db.query('select from orders where id = $1 and sweeps > 0', [id]);
  await vi.waitFor(async () => expect(await swept()).toHaveLength(1), { timeout: 5000 });
  release();
  expect(await placed).toMatchObject({ id, status: 'pending' });
});

test('a request that fails does not cancel the order of a later request with the same key', async () => {
  const request = orderFor([shop.catalog.add(10_00, 5)]);
  const release = holdCatalog();
  const impatient = placeWithin(400, request).catch((error: unknown) => error);
  await vi.waitFor(async () => expect(await shop.rowOf(request)).toBeDefined());
  const { id } = (await shop.rowOf(request))!;
  const patient = shop.place(request);
  expect(await impatient).toMatchObject({ code: 'unavailable' });
  release();
  expect(await patient).toMatchObject({ id, status: 'pending' });
});

test('an order that is cancelled while its goods are being reserved is not placed, and can be ordered again', async () => {
  const product = shop.catalog.add(10_00, 5);
  const request = orderFor([product]);
  const release = holdCatalog();
  const placed = shop.place(request).catch((error: unknown) => error);
  await vi.waitFor(async () => expect(await shop.rowOf(request)).toBeDefined());
  const { id } = (await shop.rowOf(request))!;
  await shop.db.query('update orders set withdrawn_at = now() where id = $1', [id]);
  release();
  expect(await placed).toMatchObject({ code: 'unavailable' });
  const order = await shop.place(request);
  expect(order.id).not.toBe(id);
  await shop.become(order.id, 'paid');
  expect(shop.catalog.stockOf(product)).toBe(4);
  expect(await shop.chargesOf(id)).toEqual([]);
});

/** Leaves a new order as a process does that is killed after the insert. */
async function leave(request: PlaceOrder, age: string, nextSweepIn = '0 seconds'): Promise<string> {
  const { customerId, idempotencyKey, bodyHash, lines, payment } = request;
  const id = newOrderId(customerId);
  await shop.db.query(
    `insert into orders (id, customer_id, idempotency_key, body_hash, requested, payment, currency, created_at, next_sweep_at)
     values ($1, $2, $3, $4, $5, $6, 'EUR', now() - $7::interval, now() + $8::interval)`,
    [id, customerId, idempotencyKey, bodyHash, JSON.stringify(lines), JSON.stringify(payment), age, nextSweepIn],
  );
  return id;
}
