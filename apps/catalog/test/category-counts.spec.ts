// The number of products per category, maintained by triggers beside concurrent writers.
import { catalogRpc } from '@shop/contracts/catalog';
import { migrate } from '@shop/kit/migrations';
import type { TestDatabase } from '@shop/kit/testing/stores';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { migrations } from '../src/database.js';
import { createCatalogDatabase, eventually, startCatalog, type Catalog } from './catalog-under-test.js';

const quiet = { info: () => undefined, warn: () => undefined };
const madeUp = `insert into products (id, slug, name, description, category_id, price_cents, stock, hidden)
  select gen_random_uuid(), gen_random_uuid()::text, 'Thing', '', c.id, 100, 5, n % 10 = 0 from categories c`;

/** By slug: the stored counts and the real ones. */
async function counts(database: TestDatabase): Promise<{ kept: unknown; real: unknown; rows: number }> {
  const [row] = await database.query<{ kept: unknown; real: unknown; rows: number }>(
    `select
       (select jsonb_object_agg(slug, n) from (
          select c.slug, coalesce(sum(k.products), 0) as n
          from categories c left join category_counts k on k.category_id = c.id group by c.slug) s) as kept,
       (select jsonb_object_agg(slug, n) from (
          select c.slug, count(p.id) as n
          from categories c left join products p on p.category_id = c.id and not p.hidden group by c.slug) s) as real,
       (select count(*)::integer from category_counts) as rows`,
  );
  return row!;
}

describe('the counts of categories', () => {
  let database: TestDatabase;
  let shop: Catalog;
  beforeAll(async () => {
    database = await createCatalogDatabase();
    shop = await startCatalog(database, { SEED: 'demo', CATALOG_SWEEP_SECONDS: '3600' });
  });
  afterAll(async () => {
    await shop?.stop();
    await database?.drop();
  });

  const exact = async () => {
    const { kept, real } = await counts(database);
    expect(kept).toEqual(real);
    return kept;
  };
  const rows = async () => (await counts(database)).rows;

  it.each([
    ['adding', `${madeUp}, generate_series(1, 1000) n`],
    ['adding existing products again', `${madeUp}, generate_series(1, 3) n on conflict do nothing`],
    ['hiding', `update products set hidden = true where slug in (select slug from products limit 50)`],
    ['showing', `update products set hidden = false where slug in (select slug from products where hidden limit 500)`],
    ['moving', `update products set category_id = (select id from categories order by id limit 1)`],
    [
      'moving and hiding at once',
      `update products p set category_id = c.id, hidden = not hidden
       from categories c where c.slug = 'kitchen' and p.price_cents > 50`,
    ],
    ['removing', `delete from products where name = 'Thing' and price_cents = 100`],
  ])('are exact after %s', async (_, statement) => {
    await exact();
    await database.query(statement);
    await exact();
  });

  it('are exact after a truncation', async () => {
    await database.query('begin; delete from images; truncate products cascade; commit');
    expect(Object.values((await exact()) as object)).toEqual(Array(8).fill(0));
    await database.query(`${madeUp}, generate_series(1, 100) n`);
    expect(Object.values((await exact()) as object)).toEqual(Array(8).fill(90));
  });

  it('are not written by sales', async () => {
    const before = await rows();
    const [product] = await database.query<{ id: string }>('select id from products where not hidden limit 1');
    const orderId = '01900000-0000-7000-8000-000000000021';
    const reserved = await shop.rpc.call(catalogRpc.reserve, {
      orderId,
      lines: [{ productId: product!.id, quantity: 5 }],
    });
    expect(reserved.outcome).toBe('reserved');
    await shop.rpc.call(catalogRpc.releaseReservation, { orderId });
    expect(await rows()).toBe(before);
  });

  it('do not make a writer wait for a long import into the same category', async () => {
    const importer = new pg.Client(database.url);
    await importer.connect();
    try {
      await importer.query('begin');
      await importer.query(`${madeUp}, generate_series(1, 100) n`);
      const product = { name: 'Mug', description: '', category: 'kitchen', priceCents: 100, stock: 1 };
      await shop.rpc.call(catalogRpc.createProduct, product);
      await importer.query('commit');
    } finally {
      await importer.end();
    }
    await exact();
  });

  it('are answered without reading products, and are current after a change by staff', async () => {
    const holder = new pg.Client(database.url);
    await holder.connect();
    const kitchen = async () => {
      const { body } = await shop.rpc.call(catalogRpc.listCategories, {});
      const { items } = JSON.parse(body.toString()) as { items: { slug: string; products: number }[] };
      return items.find(({ slug }) => slug === 'kitchen')!.products;
    };
    const before = await kitchen();
    const product = { name: 'Bowl', description: '', category: 'kitchen', priceCents: 100, stock: 1 };
    const { id, version } = await shop.rpc.call(catalogRpc.createProduct, product);
    expect(await kitchen()).toBe(before + 1);
    await shop.rpc.call(catalogRpc.updateProduct, { product: id, version, patch: { hidden: true } });
    try {
      await holder.query('begin');
      await holder.query('lock table products in access exclusive mode');
      expect(await kitchen()).toBe(before);
    } finally {
      await holder.end();
    }
  });
});

describe('beside concurrent writers', () => {
  let database: TestDatabase;
  let writing: Promise<unknown>;
  let stop: () => void;
  beforeEach(async () => {
    database = await createCatalogDatabase();
    const { url } = database;
    await migrate(
      { url, entities: [], migrations: migrations.filter(({ name }) => !/^Count.*Products/.test(name)) },
      quiet,
    );
    await database.query(
      `insert into categories (id, slug, name) select gen_random_uuid(), 'c' || n, 'C' || n from generate_series(1, 4) n`,
    );
    await database.query(`${madeUp}, generate_series(1, 5000) n`);
    let on = true;
    stop = () => (on = false);
    const write = async (i: number) => {
      const client = new pg.Client(url);
      await client.connect();
      while (on) {
        await client.query('begin');
        await client.query(`${madeUp}, generate_series(1, 3) n`);
        await client.query(
          `update products set hidden = not hidden, category_id = (select id from categories order by random() limit 1)
           where id in (select id from products where abs(hashtext(slug)) % 4 = ${i} limit 3 offset floor(random() * 900))`,
        );
        await client.query(
          `delete from products where id in (
             select id from products where abs(hashtext(slug)) % 4 = ${i} limit 1 offset floor(random() * 900))`,
        );
        await client.query(Math.random() < 0.8 ? 'commit' : 'rollback');
      }
      await client.end();
    };
    writing = Promise.all([0, 1, 2, 3].map(write));
  });
  afterEach(async () => {
    stop();
    await writing;
    await database.drop();
  });

  it('the migrations count every product once', async () => {
    await migrate({ url: database.url, entities: [], migrations }, quiet);
    const { kept, real } = await counts(database);
    expect(kept).toEqual(real);
    stop();
    await writing;
    const later = await counts(database);
    expect(later.kept).toEqual(later.real);
  });

  it('two replicas fold the rows of the counts without losing any', async () => {
    const env = { CATALOG_SWEEP_SECONDS: '0.1' };
    const shops = [await startCatalog(database, env), await startCatalog(database, env)];
    for (let round = 0; round < 50; round++) {
      const { kept, real } = await counts(database);
      expect(kept).toEqual(real);
    }
    stop();
    await writing;
    await eventually(async () => {
      const { kept, real, rows } = await counts(database);
      expect(kept).toEqual(real);
      expect(rows).toBe(4);
    });
    await Promise.all(shops.map((shop) => shop.stop()));
  });
});
