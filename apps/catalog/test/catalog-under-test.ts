// A catalog with its own database, called over real sockets as by other services.
import { catalogRpc } from '@shop/contracts/catalog';
import type { Product, ProductPage } from '@shop/contracts/products';
import type { InputOf } from '@shop/contracts/rpc';
import type { Running } from '@shop/kit/launch';
import { startForTest } from '@shop/kit/testing/services';
import { createTestDatabase, testRedisUrl, type TestDatabase } from '@shop/kit/testing/stores';
import { Rpc } from '@shop/rpc/rpc';
import { expect, vi } from 'vitest';
import { catalog } from '../src/catalog.module.js';

/** An id that does not exist. */
export const NOWHERE = '01900000-0000-7000-8000-00000000dead';

export interface Catalog {
  rpc: Rpc;
  app: Running['app'];
  opsUrl: string;
  getProduct(product: string): Promise<Product>;
  list(query: ListQuery): Promise<ProductPage>;
  stop(): Promise<void>;
}

export type ListQuery = Partial<InputOf<typeof catalogRpc.listProducts>>;

export async function startCatalog(database: TestDatabase, env: Record<string, string> = {}): Promise<Catalog> {
  const redis = testRedisUrl(4);
  const service = await startForTest(catalog, {
    CATALOG_DATABASE_URL: database.url,
    REDIS_STATE_URL: redis,
    REDIS_CACHE_URL: redis,
    ...env,
  });
  const rpc = new Rpc({ addresses: { catalog: `127.0.0.1:${service.rpcPort}` } });
  return {
    rpc,
    app: service.app,
    opsUrl: service.opsUrl,
    getProduct: async (product) => parse(await rpc.call(catalogRpc.getProduct, { product })),
    list: async (query) => parse(await rpc.call(catalogRpc.listProducts, { limit: 24, ...query })),
    stop: async () => {
      rpc.close();
      await service.stop();
    },
  };
}

function parse<T>({ body }: { body: Buffer }): T {
  return JSON.parse(body.toString()) as T;
}

export function createCatalogDatabase(): Promise<TestDatabase> {
  return createTestDatabase('catalog');
}

/** The code and the extras of a refusal, or the answer that came instead. */
export function refusalOf(call: Promise<unknown>): Promise<unknown> {
  return call.then(
    (value) => ({ answered: value }),
    (error: { code: string; extras: object }) => ({ code: error.code, ...error.extras }),
  );
}

export function refusedField(field: string): object {
  return { code: 'invalid_request', errors: [{ field, message: expect.any(String) as string }] };
}

/** Waits until `check` no longer throws. */
export function eventually<T>(check: () => T | Promise<T>): Promise<T> {
  return vi.waitFor(check, { timeout: 10_000, interval: 20 });
}
