// The caches of the whole shop, from nginx to Redis: how few queries reach Postgres, and what happens without a cache.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describeWithNginx, edgeFor } from '@shop/tools/edge/testing';
import { startRedis, type RedisServer } from '@shop/tools/stores/redis';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ShopAt, startShop, type Shop } from '../shop.js';
import { Shopper } from '../shopper.js';

const two = { gateway: 2, catalog: 2, 'image-worker': 0 };
/** More than fit into the smallest Redis. */
const PRODUCTS = 4000;
/** Products that are read while Redis restarts. */
const SEEN = 200;
const DETAIL = '%where p.id = $1%';

describeWithNginx('the caches of the whole shop', () => {
  let shop: Shop;
  let cacheDir: string;
  let cache: RedisServer;
  let ids: string[];
  /** With and without the edge cache. */
  let url: string;
  let plainUrl: string;

  beforeAll(async () => {
    cacheDir = await mkdtemp(join(tmpdir(), 'shop-cache-'));
    cache = await startRedis({ dir: cacheDir, durable: false });
    const env = { TRUST_PROXY: '127.0.0.1', SEED_PRODUCTS: String(PRODUCTS) };
    // Long enough to fill Redis, short enough to read from it again soon.
    const fresh = { CATALOG_FRESH_MS: '10000', REDIS_CACHE_URL: cache.url };
    shop = await startShop({ replicas: two, env: { ...env, ...fresh } });
    url = (await edgeFor(shop.gatewayHosts)).url;
    plainUrl = (await edgeFor(shop.gatewayHosts, { EDGE_CACHE: 'off' })).url;
    await shop.databases.catalog.query('create extension if not exists pg_stat_statements');
    ids = (await shop.databases.catalog.query<{ id: string }>('select id from products')).map(({ id }) => id);
  });
  afterAll(async () => {
    await shop?.stop();
    await cache?.stop();
    await rm(cacheDir, { recursive: true, force: true });
  });

  /** The number of queries for single products so far. */
  async function statements(): Promise<number> {
    const [row] = await shop.databases.catalog.query<{ calls: number }>(
      `select coalesce(sum(calls), 0)::integer as calls from pg_stat_statements join pg_database d on d.oid = dbid
       where datname = current_database() and query like $1 and query not like '%pg_stat_statements%'`,
      [DETAIL],
    );
    return row!.calls;
  }

  /** The number of product reads by cache layer, of all replicas. */
  async function reads(layer: string): Promise<number> {
    const pattern = new RegExp(`^catalog_reads_total\\{what="product",layer="${layer}"\\} (\\d+)`, 'm');
    return (await shop.metrics('catalog')).reduce((sum, text) => sum + Number(pattern.exec(text)?.[1] ?? 0), 0);
  }

  test('200 simultaneous requests for an uncached product are one query', async () => {
    const before = await statements();
    const answers = await Promise.all(Array.from({ length: 200 }, () => fetch(`${url}/api/products/${ids[0]}`)));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    const bodies = (await Promise.all(answers.map((answer) => answer.json()))) as { id: string }[];
    expect(new Set(bodies.map(({ id }) => id))).toEqual(new Set([ids[0]]));
    expect((await statements()) - before).toBe(1);
  });

  test('200 simultaneous requests for an expired product are at most one query per catalog', async () => {
    const staff = await new ShopAt(url).staff();
    const path = `/api/products/${ids[1]}`;
    const { version, priceCents } = (await staff.get(path)).body;
    await staff.send('PATCH', path, { priceCents: priceCents + 1 }, { 'if-match': `"${version}"` });
    await sleep(3100);
    const before = await statements();
    const answers = await Promise.all(Array.from({ length: 200 }, () => staff.get(path)));
    expect(new Set(answers.map(({ status, body }) => `${status} ${body.priceCents}`))).toEqual(
      new Set([`200 ${priceCents + 1}`]),
    );
    const queries = (await statements()) - before;
    expect(queries).toBeGreaterThanOrEqual(1);
    expect(queries).toBeLessThanOrEqual(two.catalog);
  });

  test('a cache Redis that is too small evicts the least used keys, and no request fails', async () => {
    const redis = new Redis(cache.url);
    const number = async (key: string) => Number(new RegExp(`^${key}:(\\d+)`, 'm').exec(await redis.info())![1]);
    // Less than half of what will be written.
    const limit = (await number('used_memory')) + 2 ** 20;
    await redis.config('SET', 'maxmemory', limit);
    await redis.config('SET', 'maxmemory-policy', 'allkeys-lru');
    const often = Array.from({ length: 50 }, (_, i) => `asked for often ${i}`);
    await redis.mset(often.flatMap((key) => [key, 'x'.repeat(1000)]));
    const statuses: Record<number, number> = {};
    const visit = async (from: number) => {
      for (let i = from; i < ids.length; i += 16) {
        const { status } = await fetch(`${plainUrl}/api/products/${ids[i]}`).then(
          (answer) => (void answer.text(), answer),
        );
        statuses[status] = (statuses[status] ?? 0) + 1;
        if (i % 5 === 0) await redis.touch(...often);
      }
    };
    await Promise.all(Array.from({ length: 16 }, (_, i) => visit(i)));
    expect(statuses).toEqual({ 200: ids.length });
    expect(await number('evicted_keys')).toBeGreaterThan(100);
    expect(await number('used_memory')).toBeLessThan(limit + 2 ** 19);
    // Redis evicts the oldest of a few sampled keys; random eviction would remove many of these.
    expect(await redis.touch(...often)).toBeGreaterThan(47);
    redis.disconnect();
  });

  test('restarting the cache Redis under load fails no request', { timeout: 120_000 }, async () => {
    const sam = new Shopper(plainUrl);
    await sam.register();
    const wrong: string[] = [];
    let [visits, going] = [0, true];
    const visit = async (from: number) => {
      for (let i = from; going; i += 7) {
        for (const path of [`/api/products/${ids[i % SEEN]}`, '/api/session', '/api/cart']) {
          const { status, body } = await sam.get(path);
          if (status !== 200) wrong.push(`${path}: ${status} ${JSON.stringify(body)}`);
        }
        visits++;
      }
    };
    const load = Promise.all(Array.from({ length: 6 }, (_, i) => visit(i)));
    await sleep(500);
    await cache.stop();
    await sleep(1000); // without it
    cache = await startRedis({ dir: cacheDir, durable: false });
    const shared = await reads('redis');
    try {
      // Redis is used again: a replica finds there what the other one has read.
      await expect.poll(() => reads('redis'), { timeout: 30_000 }).toBeGreaterThan(shared);
    } finally {
      going = false;
      await load;
    }
    expect(wrong).toEqual([]);
    expect(visits).toBeGreaterThan(50);
  });
});
