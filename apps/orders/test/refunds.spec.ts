import { ordersRpc, type OrderStatus } from '@shop/contracts/orders';
import { paymentsRpc } from '@shop/contracts/payments';
import type { Running } from '@shop/kit/launch';
import { startForTest, stubService, type Stub, type StubHandlers } from '@shop/kit/testing/services';
import { createTestDatabase, testRedisUrl, type TestDatabase } from '@shop/kit/testing/stores';
import { AppError } from '@shop/rpc/errors';
import { Rpc } from '@shop/rpc/rpc';
import { v7 as uuidv7 } from 'uuid';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { orders } from '../src/orders.module.js';

let db: TestDatabase;
let payments: Stub;
let running: Running;
let rpc: Rpc;
const asked: unknown[] = [];
const handlers: { requestRefund: StubHandlers<typeof paymentsRpc>['requestRefund'] } = { requestRefund: undefined };

beforeAll(async () => {
  db = await createTestDatabase('orders');
  payments = await stubService(paymentsRpc, {
    requestRefund: (refund) => {
      asked.push(refund);
      return handlers.requestRefund?.(refund) ?? { done: true as const };
    },
  });
  running = await startForTest(orders, {
    ORDERS_DATABASE_URL: db.url,
    PAYMENTS_ADDRESSES: payments.address,
    REDIS_STATE_URL: testRedisUrl(5),
    // The rows of this test are made up: the sweep must not touch them.
    ORDERS_SWEEP_SECONDS: '30',
  });
  rpc = running.app.get(Rpc, { strict: false });
});
beforeEach(() => {
  asked.splice(0);
  handlers.requestRefund = undefined;
});
afterAll(async () => {
  await running.stop();
  await payments.stop();
  await db.drop();
});

async function order(status: OrderStatus, customerId = uuidv7()): Promise<string> {
  const id = uuidv7();
  await db.query(
    `insert into orders (id, customer_id, idempotency_key, body_hash, status, reason, requested, total_cents, payment, next_sweep_at)
     values ($1, $2, gen_random_uuid(), '', $3, $4, '[]', 1000, '{"method":"credit"}', $5)`,
    [
      id,
      customerId,
      status,
      status === 'rejected' ? 'card_declined' : null,
      status === 'new' || status === 'pending' ? '2100-01-01' : null,
    ],
  );
  return id;
}
const refund = (id: string) =>
  rpc.call(ordersRpc.refundOrder, { id, idempotencyKey: 'k', reason: 'broken', amountCents: 300 });
const settled = (orderId: string, refundedCents: number, revision?: number) =>
  rpc.call(ordersRpc.refundSettled, { orderId, refundedCents, revision });
const get = async (id: string) => {
  const { status, refundedCents } = await rpc.call(ordersRpc.getOrder, { id });
  return [status, refundedCents];
};
const list = (query: { q?: string; status?: OrderStatus; limit?: number; cursor?: string }) =>
  rpc.call(ordersRpc.listOrders, { limit: 24, ...query });

test('a refund is requested from payments, and answered with the current order', async () => {
  const id = await order('paid');
  expect(await refund(id)).toMatchObject({ id, status: 'paid', refundedCents: 0 });
  expect(asked).toEqual([{ orderId: id, idempotencyKey: 'k', reason: 'broken', amountCents: 300 }]);
});

test('a refund that payments refuses is refused', async () => {
  handlers.requestRefund = () => {
    throw new AppError('refund_exceeds_payment');
  };
  await expect(refund(await order('refunded'))).rejects.toMatchObject({ code: 'refund_exceeds_payment' });
});

test('orders that are not paid or do not exist cannot be refunded', async () => {
  for (const status of ['new', 'pending', 'rejected'] as const)
    await expect(refund(await order(status)), status).rejects.toMatchObject({ code: 'refund_exceeds_payment' });
  await expect(refund(uuidv7())).rejects.toMatchObject({ code: 'not_found' });
  expect(asked).toEqual([]);
});

test('an order keeps the newest sum of its refunds whatever the sequence of messages, and is refunded when the sum is its total', async () => {
  const id = await order('paid');
  expect(await settled(id, 300, 1)).toEqual({ done: true, revision: 1 });
  expect(await get(id)).toEqual(['paid', 300]);
  await Promise.all([settled(id, 1000, 3), settled(id, 300, 1), settled(id, 500, 2), settled(id, 1000, 3)]);
  expect(await get(id)).toEqual(['refunded', 1000]);
  expect(await settled(id, 300, 1)).toEqual({ done: true, revision: 3 });
  expect(await get(id)).toEqual(['refunded', 1000]);
});

test('an order whose refund failed later is paid again, and late messages do not change that', async () => {
  const id = await order('paid');
  await settled(id, 300, 1);
  await settled(id, 1000, 2);
  await settled(id, 300, 3);
  expect(await get(id)).toEqual(['paid', 300]);
  await settled(id, 1000, 2);
  await settled(id, 0, 4);
  expect(await get(id)).toEqual(['paid', 0]);
  await settled(id, 1000, 5);
  expect(await get(id)).toEqual(['refunded', 1000]);
});

test('sums without a revision are accepted until the order has a revision', async () => {
  const id = await order('paid');
  await settled(id, 300);
  await settled(id, 200);
  expect(await get(id)).toEqual(['paid', 300]);
  await settled(id, 0, 2);
  await expect(settled(id, 300)).rejects.toMatchObject({ code: 'unavailable' });
  expect(await get(id)).toEqual(['paid', 0]);
});

test('a sum for an order that is not paid yet is refused, so that payments retries', async () => {
  const id = await order('pending');
  await expect(settled(id, 300)).rejects.toMatchObject({ code: 'not_found' });
});

test('staff find orders by id, by customer and by status, page by page', async () => {
  const customer = uuidv7();
  const ids: string[] = [];
  for (const status of ['paid', 'rejected', 'paid'] as const) ids.unshift(await order(status, customer));
  const [newest, middle, oldest] = ids as [string, string, string];
  const found = async (query: Parameters<typeof list>[0]) => (await list(query)).items.map(({ id }) => id);
  expect(await found({ q: customer })).toEqual(ids);
  expect(await found({ q: customer, status: 'paid' })).toEqual([newest, oldest]);
  expect(await found({ q: middle })).toEqual([middle]);
  expect(await found({ q: middle, status: 'paid' })).toEqual([]);
  expect(await found({ q: uuidv7() })).toEqual([]);
  expect((await found({})).slice(0, 3)).toEqual(ids);
  const page = await list({ q: customer, limit: 2 });
  expect(page.items.map(({ id }) => id)).toEqual([newest, middle]);
  expect(await found({ q: customer, limit: 2, cursor: page.nextCursor! })).toEqual([oldest]);
});
