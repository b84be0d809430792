import { ordersRpc } from '@shop/contracts/orders';
import { v7 as uuidv7 } from 'uuid';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { orderFor, startOrders, type Orders } from './orders-under-test.js';

let shop: Orders;
beforeAll(async () => {
  shop = await startOrders();
});
afterAll(() => shop.stop());

test('an order is visible to its customer and to staff, and does not exist for other customers', async () => {
  const request = orderFor([shop.catalog.add(10_00, 5)]);
  const { id } = await shop.place(request);
  expect(await shop.get(id, request.customerId)).toMatchObject({ id });
  expect(await shop.get(id)).toMatchObject({ id });
  await expect(shop.get(id, uuidv7())).rejects.toMatchObject({ code: 'not_found' });
  await expect(shop.get(uuidv7())).rejects.toMatchObject({ code: 'not_found' });
});

test('a customer’s orders are listed newest first, page by page, each once', async () => {
  const customerId = uuidv7();
  const product = shop.catalog.add(1_00, 99);
  const placed: string[] = [];
  for (let i = 0; i < 5; i += 1) placed.push((await shop.place(orderFor([product], { customerId }))).id);
  await shop.place(orderFor([product]));

  const listed: string[] = [];
  let cursor: string | undefined;
  do {
    const page = await shop.rpc.call(ordersRpc.listOrders, { customerId, limit: 2, cursor });
    expect(page.items.length).toBeLessThanOrEqual(2);
    listed.push(...page.items.map(({ id }) => id));
    cursor = page.nextCursor ?? undefined;
  } while (cursor !== undefined);
  expect(listed).toEqual(placed.reverse());
});

test('a customer without orders has an empty list', async () => {
  const page = await shop.rpc.call(ordersRpc.listOrders, { customerId: uuidv7(), limit: 24 });
  expect(page).toEqual({ items: [], nextCursor: null });
});

test.each(['x', 'null', '!'.repeat(22), 'A'.repeat(21), 'A'.repeat(500), uuidv7()])(
  'a bad cursor is refused as such: %s',
  async (cursor) => {
    const refused = shop.rpc.call(ordersRpc.listOrders, { customerId: uuidv7(), limit: 24, cursor });
    await expect(refused).rejects.toMatchObject({ code: 'invalid_request', extras: { errors: [{ field: 'cursor' }] } });
  },
);
