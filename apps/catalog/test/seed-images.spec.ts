// The demo shop's images: the files, how they are uploaded, and which made-up products share them.
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { getDataSourceToken } from '@nestjs/typeorm';
import { catalogRpc } from '@shop/contracts/catalog';
import { inTransaction } from '@shop/kit/database';
import sharp from 'sharp';
import type { DataSource } from 'typeorm';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { slugOf } from '../src/products/slugs.js';
import categories from '../src/seed/products.json' with { type: 'json' };
import { eventually, type Catalog } from './catalog-under-test.js';
import { openSetup, type Setup } from './images-under-test.js';

const folder = join(import.meta.dirname, '../seed/images');
const names = categories.flatMap(({ products }) => products.map(({ name }) => name));
const hashOfFile = (slug: string) =>
  createHash('sha256')
    .update(readFileSync(join(folder, `${slug}.webp`)))
    .digest('hex');

describe('the files', () => {
  test('are one for each written product, all different', () => {
    expect(readdirSync(folder).sort()).toEqual(names.map((name) => `${slugOf(name)}.webp`).sort());
    expect(new Set(names.map((name) => hashOfFile(slugOf(name)))).size).toBe(120);
  });

  test('take at most 40 kB each and 5 MB together, at 1200 pixels or more', async () => {
    const files = await Promise.all(
      readdirSync(folder).map(async (file) => {
        const bytes = readFileSync(join(folder, file));
        const { format, width, height } = await sharp(bytes).metadata();
        return {
          file,
          size: bytes.length,
          format,
          smallest: Math.min(width, height),
          largest: Math.max(width, height),
        };
      }),
    );
    const isFine = ({ size, format, smallest, largest }: (typeof files)[number]) =>
      size <= 40_000 && format === 'webp' && smallest >= 1200 && largest <= 1600;
    expect(files.filter((file) => !isFine(file))).toEqual([]);
    expect(files.reduce((sum, { size }) => sum + size, 0)).toBeLessThanOrEqual(5_000_000);
  });
});

describe('the seed', () => {
  let setup: Setup;
  beforeEach(async () => {
    setup = await openSetup();
  });
  afterEach(() => setup.close());

  const count = async (where: string) => {
    const rows = await setup.database.query<{ n: number }>(
      `select count(*)::integer as n from products p where ${where}`,
    );
    return rows[0]!.n;
  };
  const rowsOf = async (table: 'images' | 'pictures') =>
    (await setup.database.query<{ n: number }>(`select count(*)::integer as n from ${table}`))[0]!.n;
  /** Statements under way in the database, except this one. */
  const others = (which: string) =>
    setup.database.query(
      `select query from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid() and ${which}`,
    );
  const longerThanItsPause = () => new Promise((resolve) => setTimeout(resolve, 1500));
  const withImage = 'exists (select from images where product_id = p.id)';
  const bySlug = (slug: string) => `p.slug = '${slug}'`;
  const uploads = async () => (await setup.files()).filter((key) => key.startsWith('uploads/'));
  const work = async ({ rpc }: Catalog) => {
    for (const hash of await setup.queued()) await setup.work(rpc, hash);
    await setup.emptyQueue();
  };

  test('gives every written product its image once, and made-up products share them', async () => {
    const env = { SEED: 'demo', SEED_IMAGES: 'on', SEED_PRODUCTS: '3000' };
    const catalog = await setup.start(env);
    expect((await catalog.list({ limit: 1 })).items).toHaveLength(1); // served before the images are there
    await setup.start(env); // a second replica adds nothing more
    await eventually(async () => expect(await setup.queued()).toHaveLength(120));
    await eventually(async () => expect(await uploads()).toEqual([]));
    expect(await count(withImage)).toBe(120);
    expect([await rowsOf('images'), await rowsOf('pictures')]).toEqual([120, 120]);
    const { images } = await catalog.getProduct('weekender-navy-twill');
    expect(images).toEqual([]); // not shown before it is processed
    const [own] = await setup.database.query(
      `select i.picture, i.alt, pic.type, pic.upload from images i join pictures pic on pic.hash = i.picture
       join products p on p.id = i.product_id where ${bySlug('weekender-navy-twill')}`,
    );
    const hash = hashOfFile('weekender-navy-twill');
    expect(own).toEqual({ picture: hash, alt: 'Weekender, Navy Twill', type: 'image/webp', upload: null });
    expect(await setup.has(`originals/${hash}`)).toBe(true);

    await work(catalog);
    await eventually(async () => expect(await count(withImage)).toBe(3000));
    expect(await rowsOf('pictures')).toBe(120);
    expect(await count(`${withImage} and 'navy' = any(picture_tags)`)).toBe(3000);
    // An image stays within its category.
    const strangers = await setup.database.query(
      `select from images a join products p on p.id = a.product_id join images b using (picture)
       join products o on o.id = b.product_id where o.category_id <> p.category_id`,
    );
    expect(strangers).toHaveLength(0);
    const { items } = await catalog.list({ category: 'bags', limit: 100 });
    expect(items.filter(({ image }) => image === null)).toEqual([]);
  });

  test('goes on where a catalog stopped, and a later start changes nothing', async () => {
    const env = { SEED: 'demo', SEED_IMAGES: 'on' };
    await setup.start(env);
    await eventually(async () => expect(await rowsOf('images')).toBeGreaterThan(3));
    await setup.stopAll();
    const before = await rowsOf('images');
    expect(before).toBeLessThan(120);

    const catalog = await setup.start(env);
    await eventually(async () => expect(await setup.queued()).toHaveLength(120));
    await work(catalog);
    const files = await setup.files();
    await setup.stopAll();

    const again = await setup.start(env);
    await longerThanItsPause();
    expect((await again.list({ limit: 100 })).items.filter(({ image }) => image === null)).toEqual([]);
    expect([await setup.queued(), await rowsOf('images'), await setup.files()]).toEqual([[], 120, files]);
  });

  test('lets images that staff upload go first', async () => {
    const catalog = await setup.start({ SEED: 'demo', SEED_IMAGES: 'on' });
    await eventually(async () => expect(await setup.queued()).toHaveLength(120));
    const { items } = await catalog.list({ limit: 1 });
    const upload = await setup.upload('staff');
    await catalog.rpc.call(catalogRpc.addImage, { product: items[0]!.id, upload });
    expect((await setup.queued())[0]).toBe(upload.hash);
  });

  test('does not share an image whose last use is removed meanwhile', async () => {
    const catalog = await setup.start({ SEED: 'demo', SEED_PRODUCTS: '400' });
    const { items } = await catalog.list({ category: 'bags', sort: 'newest', limit: 1 });
    const upload = await setup.upload('bag');
    await catalog.rpc.call(catalogRpc.addImage, { product: items[0]!.id, upload });
    await setup.work(catalog.rpc, upload.hash);
    await setup.database.query(
      `insert into images (id, product_id, picture, position)
       select gen_random_uuid(), id, $1, 0 from products order by created_at desc limit 120 on conflict do nothing`,
      [upload.hash],
    );
    // What removing an image does, slowly.
    await inTransaction(catalog.app.get<DataSource>(getDataSourceToken('catalog')), async (sql) => {
      await sql('select from pictures where hash = $1 for update', [upload.hash]);
      await sql('delete from images where picture = $1', [upload.hash]);
      await sql('update pictures set unshown_at = now() where hash = $1', [upload.hash]);
      await setup.start({ SEED: 'demo', SEED_IMAGES: 'on', SEED_PRODUCTS: '400' });
      await eventually(async () => expect(await others(`wait_event_type = 'Lock'`)).not.toEqual([]));
    });
    await eventually(async () => expect(await others(`state <> 'idle'`)).toEqual([]));
    const unshown = `exists (select from images join pictures on hash = picture
      where product_id = p.id and unshown_at is not null)`;
    expect(await count(unshown)).toBe(0);
  });

  test('gives no image to a product that staff made', async () => {
    const catalog = await setup.start({ SEED: 'demo', SEED_PRODUCTS: '0' });
    const own = { name: 'Own', description: '', category: 'desk', priceCents: 100, stock: 1 };
    await catalog.rpc.call(catalogRpc.createProduct, own);
    await setup.stopAll();
    await setup.start({ SEED: 'demo', SEED_IMAGES: 'on', SEED_PRODUCTS: '130' });
    await eventually(async () => expect(await setup.queued()).toHaveLength(120));
    expect(await count(`${withImage} and ${bySlug('own')}`)).toBe(0);
  });

  test('can be switched off, and does nothing without the demo shop', async () => {
    const off = await setup.start({ SEED: 'demo', SEED_IMAGES: 'off' });
    const none = await setup.start({ SEED_IMAGES: 'on' });
    await eventually(async () => expect((await off.list({})).items).not.toEqual([]));
    await Promise.all([off, none].map(({ rpc }) => rpc.call(catalogRpc.listCategories, {})));
    await longerThanItsPause();
    expect(await rowsOf('images')).toBe(0);
    expect(await setup.queued()).toEqual([]);
  });
});
