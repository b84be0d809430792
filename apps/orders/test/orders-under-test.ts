// Orders on a database of its own, with a fake of the catalog and the real payments.
import { createHash } from 'node:crypto';
import { ordersRpc, type Order, type OrderStatus, type PlaceOrder } from '@shop/contracts/orders';
import { Queues } from '@shop/kit/queue';
import { ToxicProxy } from '@shop/kit/testing/toxic-proxy';
import { startForTest } from '@shop/kit/testing/services';
import { createTestDatabase, testRedisUrl } from '@shop/kit/testing/stores';
import { Rpc } from '@shop/rpc/rpc';
import { Redis } from 'ioredis';
import { v7 as uuidv7 } from 'uuid';
import { vi } from 'vitest';
import { orders } from '../src/orders.module.js';
import { startCatalogFake } from './catalog-fake.js';
import { startPaymentsProcess } from './payments-process.js';

export async function startOrders(env: Record<string, string> = {}) {
  const [db, paymentsDb] = await Promise.all([createTestDatabase('orders'), createTestDatabase('payments')]);
  const catalog = await startCatalogFake();
  const redisUrl = new URL(testRedisUrl(5));
  const [toCatalog, toDb, toRedis] = await Promise.all([
    ToxicProxy.to('127.0.0.1', catalog.port),
    ToxicProxy.toUrl(db.url),
    ToxicProxy.toUrl(redisUrl.href),
  ]);
  const redis = new Redis(redisUrl.href);
  await redis.flushdb();
  const shared = { REDIS_STATE_URL: toRedis.through(redisUrl.href), QUEUE_LOCK_MS: '5000' };
  const startPayments = (rpcPort: string) =>
    startPaymentsProcess({
      ...shared,
      RPC_PORT: rpcPort,
      PAYMENTS_DATABASE_URL: paymentsDb.url,
      PAYMENTS_SWEEP_SECONDS: '0.2',
      PAYMENT_LEASE_SECONDS: '3',
      ...env,
    });
  let payments = await startPayments('0');
  const running = await startForTest(orders, {
    ...shared,
    ORDERS_DATABASE_URL: toDb.through(db.url),
    CATALOG_ADDRESSES: toCatalog.address,
    PAYMENTS_ADDRESSES: payments.address,
    ORDERS_SWEEP_SECONDS: '0.5',
    ...env,
  });
  const rpc = running.app.get(Rpc, { strict: false });
  const place = async (request: PlaceOrder): Promise<Order> => (await rpc.call(ordersRpc.placeOrder, request)).order;
  const get = (id: string, customerId?: string) => rpc.call(ordersRpc.getOrder, { id, customerId });
  return {
    db,
    paymentsDb,
    catalog,
    toCatalog,
    toDb,
    toRedis,
    redis,
    running,
    rpc,
    place,
    get,
    queues: running.app.get(Queues, { strict: false }),
    become: (id: string, status: OrderStatus, timeout = 15_000): Promise<Order> =>
      vi.waitFor(
        async () => {
          const order = await get(id);
          if (order.status !== status) throw new Error(`order is ${order.status} ${order.reason ?? ''}, not ${status}`);
          return order;
        },
        { timeout, interval: 25 },
      ),
    rowOf: async ({ customerId, idempotencyKey }: PlaceOrder) => {
      const rows = await db.query<{ id: string; status: OrderStatus }>(
        'select id, status from orders where customer_id = $1 and idempotency_key = $2',
        [customerId, idempotencyKey],
      );
      return rows[0];
    },
    chargesOf: (id: string) =>
      paymentsDb.query<{ calls: number }>('select calls from fake_charges where idempotency_key = $1', [id]),
    bookingsOf: (id: string) =>
      paymentsDb.query('select id from ledger_transactions where reference = $1', [`payment:${id}`]),
    /** Kills payments with SIGKILL and starts a new process at the same address. */
    async replacePayments() {
      await payments.stop('SIGKILL');
      payments = await startPayments(payments.address.split(':')[1]!);
    },
    async stop() {
      await running.stop();
      await payments.stop();
      await catalog.stop();
      redis.disconnect();
      await Promise.all([toCatalog.cut(), toDb.cut(), toRedis.cut(), db.drop(), paymentsDb.drop()]);
    },
  };
}
export type Orders = Awaited<ReturnType<typeof startOrders>>;

/** A request as the gateway sends it: one of each product, by a new customer under a new key. */
export function orderFor(productIds: string[], about: Partial<PlaceOrder> = {}): PlaceOrder {
  const lines = productIds.map((productId) => ({ productId, quantity: 1 }));
  const payment = { method: 'card', token: 'tok_ok' } as const;
  const request = { customerId: uuidv7(), idempotencyKey: uuidv7(), lines, payment, ...about };
  return { bodyHash: createHash('sha256').update(JSON.stringify(request)).digest('hex'), ...request };
}
