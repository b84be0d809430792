import { connect } from 'node:net';
import { promisify } from 'node:util';
import type { Order, OrderStatus } from '@shop/contracts/orders';
import { AppError } from '@shop/rpc/errors';
import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { orderEvents } from '../src/orders/order-events.js';
import { examples } from './examples.js';
import { openShop, Client, type Shop } from './shop.js';

let shop: Shop;
let ada: Client;
let status: OrderStatus;
beforeAll(async () => {
  shop = await openShop();
  ada = await new Client(shop).logIn();
});
afterAll(() => shop.stop());
beforeEach(() => {
  status = 'new';
  shop.orders.getOrder = () => orderThatIs(status);
});

const orderThatIs = (status: OrderStatus) => ({ ...(examples.Order as Order), status });
const path = `/api/orders/${examples.Order.id}/events`;

/** Reads the stream chunk by chunk. */
async function follow(headers: Record<string, string> = {}, from = shop) {
  const abort = new AbortController();
  const response = await fetch(from.url + path, { headers: { cookie: ada.cookie!, ...headers }, signal: abort.signal });
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  return {
    response,
    next: async () => (await reader!.read()).value,
    leave: () => abort.abort(),
    async rest() {
      let text = '';
      for (let piece = await this.next(); piece !== undefined; piece = await this.next()) text += piece;
      return text;
    },
  };
}

const event = (id: number, status: OrderStatus) =>
  `id: ${id}\nevent: status\ndata: ${JSON.stringify(orderThatIs(status))}\n\n`;

test('the stream has an event for every status and ends when the order is final', async () => {
  const stream = await follow();
  expect(stream.response.headers.get('content-type')).toBe('text/event-stream');
  expect(stream.response.headers.get('cache-control')).toBe('no-store');
  expect(await stream.next()).toBe(event(1, 'new'));
  status = 'pending';
  expect(await stream.next()).toBe(event(2, 'pending'));
  status = 'paid';
  expect(await stream.rest()).toBe(event(3, 'paid'));
});

test('a stream resumes after Last-Event-ID, and returns 204 when no event follows it', async () => {
  status = 'rejected';
  expect(await (await follow({ 'last-event-id': '2' })).rest()).toBe(event(3, 'rejected'));
  expect((await follow({ 'last-event-id': '3' })).response.status).toBe(204);
  expect(await (await follow({ 'last-event-id': 'mad' })).rest()).toBe(event(3, 'rejected'));
});

test('a stream survives an outage of orders and ends when its order is cancelled', async () => {
  const stream = await follow();
  await stream.next();
  shop.orders.getOrder = () => Promise.reject(new AppError('unavailable'));
  const asked = () => shop.calls.get('orders.getOrder')!.length;
  const before = asked();
  await vi.waitFor(() => expect(asked()).toBeGreaterThan(before + 1));
  shop.orders.getOrder = () => orderThatIs('pending');
  expect(await stream.next()).toBe(event(2, 'pending'));
  shop.orders.getOrder = () => Promise.reject(new AppError('not_found'));
  expect(await stream.rest()).toBe('');
});

test('a stream returns 404 for the order of another customer and 401 without a log-in', async () => {
  shop.orders.getOrder = () => Promise.reject(new AppError('not_found'));
  expect((await ada.get(path)).body.code).toBe('not_found');
  expect((await ada.get('/api/orders/mad/events')).body.code).toBe('not_found');
  expect((await new Client(shop).get(path)).body.code).toBe('login_required');
});

test('a customer has at most ten streams, and a closed stream frees its place', async () => {
  const streams = await Promise.all(Array.from({ length: 10 }, () => follow()));
  const refused = await ada.get(path);
  expect([refused.status, refused.body.code]).toEqual([429, 'rate_limited']);
  streams[0]!.leave();
  await vi.waitFor(async () => {
    const again = await follow();
    expect(again.response.status).toBe(200);
    streams.push(again);
  });
  status = 'paid';
  for (const stream of streams.slice(1)) await stream.rest();
});

test('a client that disconnects before the order is read takes up no place', async () => {
  const { server } = shop.running.app.getHttpAdapter().getInstance();
  const open = promisify(server.getConnections.bind(server));
  const found: (() => void)[] = [];
  shop.orders.getOrder = async () => {
    await new Promise<void>((resolve) => found.push(resolve));
    return orderThatIs('pending');
  };
  const before = await open();
  const sockets = Array.from({ length: 12 }, () => {
    const socket = connect(Number(new URL(shop.url).port), '127.0.0.1');
    return socket.on('connect', () => socket.write(`GET ${path} HTTP/1.1\r\nhost: x\r\ncookie: ${ada.cookie}\r\n\r\n`));
  });
  await vi.waitFor(() => expect(found).toHaveLength(12));
  for (const socket of sockets) socket.destroy();
  await vi.waitFor(async () => expect(await open()).toBeLessThanOrEqual(before));
  for (const resolve of found) resolve();

  shop.orders.getOrder = () => orderThatIs(status);
  await vi.waitFor(async () => {
    const streams = await Promise.all(Array.from({ length: 10 }, () => follow()));
    const statuses = streams.map(({ response }) => response.status);
    for (const stream of streams) stream.leave();
    expect(statuses).toEqual(Array(10).fill(200));
  }, 5000);
});

test('a stopping gateway ends its streams at once', async () => {
  const other = await openShop();
  ada = await new Client(other).logIn();
  other.orders.getOrder = () => orderThatIs('pending');
  const stream = await follow({}, other);
  await stream.next();
  const startedAt = performance.now();
  await other.stop();
  expect(await stream.rest()).toBe('');
  expect(performance.now() - startedAt).toBeLessThan(3000);
});

test('an idle stream sends heartbeat comments', async () => {
  const end = new AbortController();
  const order = orderThatIs('pending');
  const stream = orderEvents({ order, lastId: 2, read: async () => order, end: end.signal, heartbeatMs: 10 });
  expect((await stream.next()).value).toBe(':\n\n');
  expect((await stream.next()).value).toBe(':\n\n');
  end.abort();
  expect((await stream.next()).done).toBe(true);
});
