// The response to a client when orders stops answering while it places an order.
import { ordersRpc, type Order } from '@shop/contracts/orders';
import { CURRENCY } from '@shop/contracts/currency';
import { stubService, type Stub } from '@shop/kit/testing/services';
import { ToxicProxy } from '@shop/kit/testing/toxic-proxy';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { DESK, openShop, Client, type Shop } from './shop.js';

const DEADLINE_MS = 2000;
const order: Order = {
  ...{ id: '01900000-0000-7000-8000-000000000001', status: 'pending', lines: [], totalCents: 1, refundedCents: 0 },
  ...{ currency: CURRENCY, createdAt: '2026-11-20T10:00:00.000Z' },
};
const body = { lines: [{ productId: DESK, quantity: 1 }], payment: { method: 'card', token: 'tok_ok' } };

let shop: Shop;
let orders: Stub;
let toOrders: ToxicProxy;
let ada: Client;
/** The keys of the calls to orders, and what the fake does before it answers. */
const keys: string[] = [];
let meanwhile: () => Promise<void>;

beforeAll(async () => {
  orders = await stubService(ordersRpc, {
    placeOrder: async ({ idempotencyKey }) => {
      keys.push(idempotencyKey);
      await meanwhile();
      return { order };
    },
  });
  toOrders = await ToxicProxy.to('127.0.0.1', Number(orders.address.split(':')[1]));
  shop = await openShop({ ORDERS_ADDRESSES: toOrders.address, REQUEST_DEADLINE_MS: String(DEADLINE_MS) });
  ada = await new Client(shop).logIn();
});
beforeEach(() => {
  keys.splice(0);
  meanwhile = () => Promise.resolve();
});
afterAll(async () => {
  await shop?.stop();
  await orders?.stop();
  await toOrders?.cut();
});

async function place(key: string) {
  const startedAt = performance.now();
  const { status, body: answer } = await ada.post<Order>('/api/orders', body, { 'idempotency-key': key });
  return { status, id: answer.id, ms: performance.now() - startedAt };
}

it('returns the order when the first answer of orders was lost', async () => {
  meanwhile = async () => {
    if (keys.length > 1) return;
    await toOrders.cut();
    await toOrders.mend();
  };
  expect(await place('lost')).toMatchObject({ status: 202, id: order.id });
  expect(new Set(keys)).toEqual(new Set(['lost']));
  expect(keys.length).toBeGreaterThan(1);
});

it('returns 503 only at the deadline when orders does not answer', async () => {
  meanwhile = () => toOrders.cut();
  const { status, ms } = await place('silent');
  expect(status).toBe(503);
  expect(ms).toBeGreaterThan(DEADLINE_MS * 0.9);
});

it('fails at once when the call never reached orders', async () => {
  const { status, ms } = await place('away');
  expect([status, keys]).toEqual([503, []]);
  expect(ms).toBeLessThan(DEADLINE_MS * 0.9);
  await toOrders.mend();
});
