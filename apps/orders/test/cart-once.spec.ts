// A cart is ordered once, by the first key that asks for it.
import { ordersRpc, type OrderStatus, type PlaceOrder } from '@shop/contracts/orders';
import { runInContext } from '@shop/rpc/context';
import { v7 as uuidv7 } from 'uuid';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { orderFor, startOrders, type Orders } from './orders-under-test.js';

let shop: Orders;
beforeAll(async () => {
  shop = await startOrders();
});
afterAll(() => shop.stop());

/** Requests of one customer for one cart, each under a key of its own, as several browser tabs send them. */
function tabs(count: number, stock = 50, about: Partial<PlaceOrder> = {}): PlaceOrder[] {
  const cart = { customerId: uuidv7(), cartVersion: uuidv7(), ...about };
  const product = shop.catalog.add(10_00, stock);
  return Array.from({ length: count }, () => orderFor([product], cart));
}
const ask = (request: PlaceOrder) => shop.rpc.call(ordersRpc.placeOrder, request);
const rowsOf = ({ customerId }: PlaceOrder) =>
  shop.db.query<{ id: string; status: OrderStatus }>(
    `select id, status from orders where customer_id = $1 and reason is null`,
    [customerId],
  );

test('when many requests for a cart come at once, one places the order and the others answer with it', async () => {
  for (let round = 0; round < 10; round += 1) {
    const requests = tabs(5);
    const answers = await Promise.all(requests.map(ask));
    const [first] = answers;
    expect(new Set(answers.map(({ order }) => order.id))).toEqual(new Set([first!.order.id]));
    expect(answers.filter(({ alreadyOrdered }) => !alreadyOrdered)).toHaveLength(1);
    for (const { cartVersion } of answers) expect(cartVersion).toBe(requests[0]!.cartVersion);
    await shop.become(first!.order.id, 'paid');
    expect(await rowsOf(requests[0]!)).toHaveLength(1);
    const list = await shop.rpc.call(ordersRpc.listOrders, { customerId: requests[0]!.customerId, limit: 24 });
    expect(list.items.map(({ id }) => id)).toEqual([first!.order.id]);
  }
});

test('a key that was refused stays refused, even when the cart has changed', async () => {
  const [one, another] = tabs(2) as [PlaceOrder, PlaceOrder];
  const { order } = await ask(one);
  const refused = { order: { id: order.id }, cartVersion: one.cartVersion, alreadyOrdered: true };
  expect(await ask(another)).toMatchObject(refused);
  await shop.become(order.id, 'paid');
  const later = { ...another, lines: orderFor([shop.catalog.add(5_00, 1)]).lines, cartVersion: uuidv7() };
  for (const replay of [another, later, { ...another, lines: [], cartVersion: undefined }])
    expect(await ask(replay)).toMatchObject(refused);
  await expect(ask({ ...another, bodyHash: 'f'.repeat(64) })).rejects.toMatchObject({ code: 'idempotency_key_reused' });
  expect(await ask(one)).not.toHaveProperty('alreadyOrdered');
});

test.each<[string, Partial<PlaceOrder>, number]>([
  ['sold out', {}, 0],
  ['declined', { payment: { method: 'card', token: 'tok_declined' } }, 5],
])('a cart whose order was rejected as %s can be ordered again under another key', async (_, about, stock) => {
  const [one, another] = tabs(2, stock, about) as [PlaceOrder, PlaceOrder];
  const placed = await ask(one).catch(() => undefined);
  if (placed) await shop.become(placed.order.id, 'rejected');
  shop.catalog.restock(one.lines[0]!.productId, 5);
  const again = await ask({ ...another, payment: { method: 'card', token: 'tok_ok' } });
  expect(again).not.toHaveProperty('alreadyOrdered');
  await shop.become(again.order.id, 'paid');
});

test('another key waits for an order that is being placed, and places its own when that one is cancelled', async () => {
  const [one, another] = tabs(2) as [PlaceOrder, PlaceOrder];
  let release = () => undefined as void;
  shop.catalog.held = new Promise((resolve) => (release = resolve));
  const first = runInContext({ requestId: 'impatient', deadlineAt: performance.now() + 500 }, () => ask(one));
  const answered = first.catch((error: unknown) => error);
  await vi.waitFor(async () => expect(await shop.rowOf(one)).toBeDefined());
  const { id } = (await shop.rowOf(one))!;
  const second = ask(another);
  expect(await answered).toMatchObject({ code: 'unavailable' });
  release();
  const { order } = await second;
  expect(order.id).not.toBe(id);
  await shop.become(order.id, 'paid');
  await vi.waitFor(async () => expect(await rowsOf(one)).toEqual([{ id: order.id, status: 'paid' }]), 20_000);
  expect(await shop.chargesOf(id)).toEqual([]);
});

test('a cart that is changed while it is ordered is ordered once, in either of its states', async () => {
  const added = orderFor([shop.catalog.add(5_00, 50)]).lines;
  for (let round = 0; round < 10; round += 1) {
    const [one, another] = tabs(2) as [PlaceOrder, PlaceOrder];
    const requests = [one, { ...another, lines: [...another.lines, ...added] }];
    const answers = await Promise.all((round % 2 ? requests : requests.reverse()).map(ask));
    expect(new Set(answers.map(({ order }) => order.id)).size).toBe(1);
    expect(answers.filter(({ alreadyOrdered }) => !alreadyOrdered)).toHaveLength(1);
  }
});

test('orders of other customers, of other carts and without a cart are placed independently', async () => {
  const [one] = tabs(1) as [PlaceOrder];
  const others = [
    { customerId: uuidv7() },
    { cartVersion: uuidv7() },
    { cartVersion: undefined },
    { cartVersion: undefined },
  ];
  const answers = await Promise.all(
    [one, ...others.map((other) => ({ ...one, idempotencyKey: uuidv7(), ...other }))].map(ask),
  );
  expect(new Set(answers.map(({ order }) => order.id)).size).toBe(5);
});
