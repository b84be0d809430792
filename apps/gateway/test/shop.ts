// The gateway on a real Redis, with fakes of the other services that follow the contracts.
import { accountsRpc, type Customer } from '@shop/contracts/accounts';
import { CURRENCY } from '@shop/contracts/currency';
import { catalogRpc, type PricedProduct } from '@shop/contracts/catalog';
import { ordersRpc, type Order, type PlaceOrder } from '@shop/contracts/orders';
import { paymentsRpc } from '@shop/contracts/payments';
import type { Problem } from '@shop/contracts/problems';
import type { Rpc } from '@shop/contracts/rpc';
import type { Running } from '@shop/kit/launch';
import { startForTest, stubService, type Stub, type StubHandlers } from '@shop/kit/testing/services';
import { testRedisUrl } from '@shop/kit/testing/stores';
import { ToxicProxy } from '@shop/kit/testing/toxic-proxy';
import { AppError } from '@shop/rpc/errors';
import { SerializedJson } from '@shop/rpc/serialized-json';
import { Redis } from 'ioredis';
import { gateway } from '../src/gateway.module.js';
import { fakeAccounts, PASSWORD } from './accounts-fake.js';
import { fakePayments } from './payments-fake.js';

export const DESK = '01900000-0000-7000-8000-0000000000a1';
export const LAMP = '01900000-0000-7000-8000-0000000000a2';
export const ADA = '01900000-0000-7000-8000-000000000001';
export const SAM = '01900000-0000-7000-8000-000000000002';
export { PASSWORD };

type Changeable<T extends Record<string, Rpc>> = { -readonly [K in keyof StubHandlers<T>]: StubHandlers<T>[K] };

export interface Shop {
  url: string;
  running: Running;
  /** Direct access to Redis (state). */
  redis: Redis;
  emptyCache(): Promise<void>;
  state: ToxicProxy;
  cache: ToxicProxy;
  fakes: { accounts: Stub; catalog: Stub; orders: Stub; payments: Stub };
  /** Handlers of the fakes, which tests replace. */
  accounts: Changeable<typeof accountsRpc>;
  catalog: Changeable<typeof catalogRpc>;
  orders: Changeable<typeof ordersRpc>;
  payments: Changeable<typeof paymentsRpc>;
  customers: Map<string, Customer>;
  products: Map<string, PricedProduct>;
  /** The inputs of every call, by RPC name. */
  calls: Map<string, unknown[]>;
  stop(): Promise<void>;
}

export async function openShop(env: Record<string, string> = {}): Promise<Shop> {
  const redis = new Redis(testRedisUrl(9));
  const emptyCache = async () => void (await redis.multi().select(10).flushdb().select(9).exec());
  await redis.flushdb();
  await emptyCache();
  const [stateUrl, cacheUrl] = [testRedisUrl(9), testRedisUrl(10)];
  const [state, cache] = await Promise.all([ToxicProxy.toUrl(stateUrl), ToxicProxy.toUrl(cacheUrl)]);
  const calls = new Map<string, unknown[]>();
  const customers = new Map<string, Customer>([
    [ADA, { id: ADA, email: 'ada@example.org', name: 'Ada', role: 'customer' }],
    [SAM, { id: SAM, email: 'sam@example.org', name: 'Sam', role: 'staff' }],
  ]);
  const products = new Map<string, PricedProduct>([
    [DESK, { productId: DESK, slug: 'walnut-desk', name: 'Walnut desk', priceCents: 49900, stock: 5 }],
    [LAMP, { productId: LAMP, slug: 'lamp', name: 'Lamp', priceCents: 1999, stock: 0 }],
  ]);
  const accounts = fakeAccounts(customers);
  const catalog = fakeCatalog(products);
  const orders = fakeOrders();
  const payments = fakePayments();
  const fakes = {
    accounts: await stubService(accountsRpc, counted(calls, 'accounts', accounts)),
    catalog: await stubService(catalogRpc, counted(calls, 'catalog', catalog)),
    orders: await stubService(ordersRpc, counted(calls, 'orders', orders)),
    payments: await stubService(paymentsRpc, counted(calls, 'payments', payments)),
  };
  const running = await startForTest(gateway, {
    REDIS_STATE_URL: state.through(stateUrl),
    REDIS_CACHE_URL: cache.through(cacheUrl),
    ACCOUNTS_ADDRESSES: fakes.accounts.address,
    CATALOG_ADDRESSES: fakes.catalog.address,
    ORDERS_ADDRESSES: fakes.orders.address,
    PAYMENTS_ADDRESSES: fakes.payments.address,
    ...env,
  });
  const stop = async () => {
    await running.stop();
    await Promise.all(Object.values(fakes).map((stub) => stub.stop()));
    await Promise.all([state.cut(), cache.cut()]);
    redis.disconnect();
  };
  return {
    url: running.url!,
    running,
    redis,
    emptyCache,
    state,
    cache,
    fakes,
    accounts,
    catalog,
    orders,
    payments,
    customers,
    products,
    calls,
    stop,
  };
}

/** Finds the handler at each call, so that tests can replace it, and records the input. */
function counted<T extends object>(calls: Map<string, unknown[]>, service: string, handlers: T): T {
  return new Proxy(handlers, {
    get: (target, key) => (input: unknown) => {
      const name = `${service}.${String(key)}`;
      calls.set(name, [...(calls.get(name) ?? []), input]);
      const handler = (target as Record<string, ((input: unknown) => unknown) | undefined>)[String(key)];
      if (!handler) throw new Error(`the test has no handler for ${name}`);
      return handler(input);
    },
  });
}

function fakeCatalog(products: Map<string, PricedProduct>): StubHandlers<typeof catalogRpc> {
  const find = (key: string) => products.get(key) ?? [...products.values()].find(({ slug }) => slug === key);
  return {
    getProduct: ({ product }) => {
      const found = find(product);
      if (!found) throw new AppError('not_found', 'There is no such product.');
      return SerializedJson.of({ id: found.productId, name: found.name });
    },
    listProducts: () => SerializedJson.of({ items: [...products.values()], nextCursor: null }),
    listCategories: () => SerializedJson.of({ items: [] }),
    priceProducts: ({ products: keys }) => ({ products: keys.flatMap((key) => find(key) ?? []) }),
  };
}

/** Keeps orders by idempotency key, like the real service. */
function fakeOrders(): StubHandlers<typeof ordersRpc> {
  const placed = new Map<string, { order: Order; bodyHash: string; cartVersion?: string }>();
  return {
    placeOrder: ({ customerId, idempotencyKey, bodyHash, lines, cartVersion }: PlaceOrder) => {
      const before = placed.get(`${customerId} ${idempotencyKey}`);
      if (before && before.bodyHash !== bodyHash) throw new AppError('idempotency_key_reused');
      if (before) return { order: before.order, cartVersion: before.cartVersion };
      if (lines.length === 0) throw new AppError('empty_order');
      const order: Order = {
        id: `01900000-0000-7000-8000-${String(placed.size + 1).padStart(12, 'c')}`,
        status: 'pending',
        lines: lines.map((line) => ({ ...line, slug: 'x', name: 'X', priceCents: 1, lineTotalCents: line.quantity })),
        totalCents: 1,
        refundedCents: 0,
        currency: CURRENCY,
        createdAt: '2026-11-20T10:00:00.000Z',
      };
      placed.set(`${customerId} ${idempotencyKey}`, { order, bodyHash, cartVersion });
      return { order, cartVersion };
    },
    getOrder: ({ id, customerId }) => {
      const found = [...placed].find(
        ([key, { order }]) => order.id === id && (!customerId || key.startsWith(customerId)),
      );
      if (!found) throw new AppError('not_found', 'There is no such order.');
      return found[1].order;
    },
    listOrders: () => ({ items: [...placed.values()].map(({ order }) => order), nextCursor: null }),
  };
}

export interface Answer<T> {
  status: number;
  headers: Headers;
  body: T;
}

type Options = { body?: unknown; headers?: Record<string, string> };

/** An HTTP client that keeps the session cookie. */
export class Client {
  cookie: string | undefined;

  constructor(private readonly shop: { url: string }) {}

  async call<T = Problem>(method: string, path: string, { body, headers = {} }: Options = {}): Promise<Answer<T>> {
    const response = await fetch(this.shop.url + path, {
      method,
      headers: {
        ...(this.cookie ? { cookie: this.cookie } : {}),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const [set] = response.headers.getSetCookie();
    if (set) this.cookie = set.includes('Max-Age=0') ? undefined : set.split(';')[0];
    const text = await response.text();
    return { status: response.status, headers: response.headers, body: (text ? JSON.parse(text) : undefined) as T };
  }

  get<T = Problem>(path: string, headers?: Record<string, string>): Promise<Answer<T>> {
    return this.call<T>('GET', path, { headers });
  }
  post<T = Problem>(path: string, body?: unknown, headers?: Record<string, string>): Promise<Answer<T>> {
    return this.call<T>('POST', path, { body, headers });
  }
  put<T = Problem>(path: string, body?: unknown): Promise<Answer<T>> {
    return this.call<T>('PUT', path, { body });
  }
  patch<T = Problem>(path: string, body?: unknown, headers?: Record<string, string>): Promise<Answer<T>> {
    return this.call<T>('PATCH', path, { body, headers });
  }
  delete<T = Problem>(path: string): Promise<Answer<T>> {
    return this.call<T>('DELETE', path);
  }

  async logIn(email = 'ada@example.org'): Promise<this> {
    const { status } = await this.post('/api/session', { email, password: PASSWORD });
    if (status !== 200) throw new Error(`log-in answered ${status}`);
    return this;
  }
}
