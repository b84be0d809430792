import { catalogRpc } from '@shop/contracts/catalog';
import { Log } from '@shop/kit/log';
import { testRedisUrl, type TestDatabase } from '@shop/kit/testing/stores';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { ProductReads } from '../src/products/product-reads.js';
import { createCatalogDatabase, eventually, refusalOf, startCatalog, type Catalog } from './catalog-under-test.js';
import { toggledRedis, type ToggledRedis } from './toggled-redis.js';

/** No copy expires during a test. */
const FOREVER = { CATALOG_FRESH_MS: '3600000' };
const MUG = 'morning-stoneware-mug';

let database: TestDatabase;
let store: Redis;
let running: Catalog[] = [];

async function startShop(env: Record<string, string>): Promise<Catalog> {
  const shop = await startCatalog(database, env);
  running.push(shop);
  return shop;
}

beforeAll(async () => {
  store = new Redis(testRedisUrl(4));
  database = await createCatalogDatabase();
  await (await startCatalog(database, { SEED: 'demo' })).stop();
  await database.query('create extension if not exists pg_stat_statements');
});
beforeEach(async () => {
  await Promise.all(running.map((shop) => shop.stop()));
  running = [];
  await store.flushdb();
});
afterAll(async () => {
  await Promise.all(running.map((shop) => shop.stop()));
  store.disconnect();
  await database?.drop();
});

/** The number of statements containing `text` that Postgres ran during `work`. */
async function statementsDuring(text: string, work: () => Promise<unknown>): Promise<number> {
  await database.query('select pg_stat_statements_reset()');
  await work();
  const [row] = await database.query<{ calls: number }>(
    `select coalesce(sum(calls), 0)::integer as calls from pg_stat_statements join pg_database d on d.oid = dbid
     where datname = current_database() and query like $1 and query not like '%pg_stat_statements%'`,
    [`%${text}%`],
  );
  return row!.calls;
}

async function raisePrice(shop: Catalog, slug = MUG): Promise<number> {
  const [row] = await database.query<{ version: number; price_cents: number }>(
    'select version, price_cents from products where slug = $1',
    [slug],
  );
  const priceCents = row!.price_cents + 1;
  await shop.rpc.call(catalogRpc.updateProduct, { product: slug, version: row!.version, patch: { priceCents } });
  return priceCents;
}

async function readsBy(shop: Catalog): Promise<(layer: string) => number> {
  const text = await (await fetch(`${shop.opsUrl}/metrics`)).text();
  return (layer) =>
    Number(new RegExp(`^catalog_reads_total\\{what="product",layer="${layer}"\\} (\\d+)`, 'm').exec(text)?.[1] ?? 0);
}

const DETAIL = 'where p.slug = $1';
const LIST = 'as sort_key';

describe('reading', () => {
  it('asks Postgres once for 200 concurrent reads of the same key', async () => {
    const shop = await startShop(FOREVER);
    const all = (work: () => Promise<unknown>) => () => Promise.all(Array.from({ length: 200 }, work));
    expect(
      await statementsDuring(
        DETAIL,
        all(() => shop.getProduct(MUG)),
      ),
    ).toBe(1);
    expect(
      await statementsDuring(
        LIST,
        all(() => shop.list({ sort: 'name' })),
      ),
    ).toBe(1);
    expect(
      await statementsDuring(
        'join category_counts',
        all(() => shop.rpc.call(catalogRpc.listCategories, {})),
      ),
    ).toBe(1);
    expect(
      await statementsDuring(
        'from',
        all(() => refusalOf(shop.getProduct('no-such-thing'))),
      ),
    ).toBe(1);
    expect(
      await statementsDuring(
        'from',
        all(() => shop.getProduct(MUG)),
      ),
    ).toBe(0);
  });

  it('tries the process, then Redis, then Postgres, and counts which layer answered', async () => {
    const [one, other] = [await startShop(FOREVER), await startShop(FOREVER)];
    const before = await readsBy(one);
    const first = await one.rpc.call(catalogRpc.getProduct, { product: MUG });
    // Redis is filled after the answer.
    await eventually(async () => expect(await store.exists(`catalog:{${MUG}}`)).toBe(1));
    const second = () => other.rpc.call(catalogRpc.getProduct, { product: MUG });
    expect(await statementsDuring(DETAIL, async () => expect(await second()).toEqual(first))).toBe(0);
    expect(await second()).toEqual(first);
    const after = await readsBy(one);
    expect(['postgres', 'redis', 'process'].map((layer) => after(layer) - before(layer))).toEqual([1, 1, 1]);
  });

  it('holds no more memory per copy than it counts, for copies from Redis and from Postgres', async () => {
    const slugs = (await database.query<{ slug: string }>('select slug from products')).map(({ slug }) => slug);
    const readAll = (shop: Catalog) => Promise.all(slugs.map((slug) => shop.app.get(ProductReads).product(slug)));
    const fromPostgres = await readAll(await startShop(FOREVER));
    await eventually(async () => expect(await store.exists(...slugs.map((slug) => `catalog:{${slug}}`))).toBe(120));
    const fromRedis = await readAll(await startShop(FOREVER));
    expect(fromRedis).toEqual(fromPostgres);
    for (const { body } of [...fromPostgres, ...fromRedis]) expect(body.buffer.byteLength).toBe(body.length);
  });
});

describe('a change by staff', () => {
  it('is visible at once on the replica that made it, and on the others after its message', async () => {
    const [one, other] = [await startShop(FOREVER), await startShop(FOREVER)];
    for (let round = 0; round < 20; round++) {
      await Promise.all([one, other].flatMap((shop) => [shop.getProduct(MUG), shop.list({ category: 'kitchen' })]));
      const priceCents = await raisePrice(one);
      expect(await one.getProduct(MUG)).toMatchObject({ priceCents });
      await eventually(async () => expect(await other.getProduct(MUG)).toMatchObject({ priceCents }));
      await eventually(async () =>
        expect((await other.list({ category: 'kitchen' })).items).toContainEqual(
          expect.objectContaining({ priceCents }),
        ),
      );
    }
  });

  it('is never hidden by an older copy, even with concurrent readers', async () => {
    const shops = [await startShop(FOREVER), await startShop(FOREVER)] as const;
    const rounds = 50;
    let round = 0;
    const readers = shops.flatMap((shop) =>
      Array.from({ length: 4 }, async () => {
        while (round < rounds) await shop.getProduct(MUG);
      }),
    );
    const writer = async () => {
      for (; round < rounds; round++) {
        const priceCents = await raisePrice(shops[round % 2]!);
        for (const shop of shops)
          await eventually(async () => expect(await shop.getProduct(MUG)).toMatchObject({ priceCents }));
      }
    };
    await Promise.all([writer(), ...readers]);
  });

  it('makes every replica drop all its copies when its message cannot be parsed', async () => {
    const warn = vi.spyOn(Log.prototype, 'warn');
    const shops = [await startShop(FOREVER), await startShop(FOREVER)];
    // Other tests may run catalogs on other databases of this Redis server.
    const channel = `catalog:changed:${store.options.db}`;
    await eventually(async () => expect(await store.pubsub('NUMSUB', channel)).toEqual([channel, 2]));
    for (const words of ['v2', '', 'null', '{}', '[1]', '["morning-']) {
      await Promise.all(shops.flatMap((shop) => [shop.getProduct(MUG), shop.list({ category: 'kitchen' })]));
      const [row] = await database.query<{ priceCents: number }>(
        `update products set price_cents = price_cents + 1 where slug = $1 returning price_cents as "priceCents"`,
        [MUG],
      );
      await store.flushdb();
      warn.mockClear();
      await store.publish(channel, words);
      for (const shop of shops)
        await eventually(async () => {
          expect(await shop.getProduct(MUG), words).toMatchObject(row!);
          const { items } = await shop.list({ category: 'kitchen' });
          expect(items, words).toContainEqual(expect.objectContaining(row!));
        });
      expect(warn, words).toHaveBeenCalledTimes(2);
    }
    warn.mockRestore();
  });
});

it('shows a sale once the copy is no longer fresh', async () => {
  const shop = await startShop({});
  const { id, stock } = await shop.getProduct(MUG);
  const orderId = '01900000-0000-7000-8000-000000000011';
  await shop.rpc.call(catalogRpc.reserve, { orderId, lines: [{ productId: id, quantity: 3 }] });
  await eventually(async () => expect(await shop.getProduct(MUG)).toMatchObject({ stock: stock - 3 }));
});

describe('without Redis', () => {
  let redis: ToggledRedis;
  beforeEach(async () => {
    redis = await toggledRedis(4);
    return () => redis.close();
  });

  it.each(['cut', 'silence'] as const)(
    '(%s) the catalog answers and shows changes, and uses Redis again once it is back',
    async (failure) => {
      const env = { REDIS_CACHE_URL: redis.url };
      const [one, other] = [await startShop(env), await startShop(env)];
      await other.getProduct(MUG);
      redis[failure]();
      for (let round = 0; round < 3; round++) {
        const priceCents = await raisePrice(one);
        expect(await one.getProduct(MUG)).toMatchObject({ priceCents });
        await eventually(async () => expect(await other.getProduct(MUG)).toMatchObject({ priceCents }));
      }
      expect((await one.list({ q: 'oak' })).items).not.toEqual([]);
      expect((await fetch(`${one.opsUrl}/readyz`)).status).toBe(200);

      await store.flushdb();
      redis.open();
      await eventually(async () => {
        await one.getProduct(MUG);
        expect(await store.exists(`catalog:{${MUG}}`)).toBe(1);
      });
    },
  );

  it('the catalog starts', async () => {
    redis.cut();
    const shop = await startShop({ REDIS_CACHE_URL: redis.url });
    expect(await shop.getProduct(MUG)).toMatchObject({ slug: MUG });
    redis.open();
  });
});
