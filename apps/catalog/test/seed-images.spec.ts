// Which demo products get a picture drawn, and which share one.
import { catalogRpc } from '@shop/contracts/catalog';
import { imageWorkerJobs } from '@shop/contracts/images';
import type { PayloadOf } from '@shop/contracts/jobs';
import { getDataSourceToken } from '@nestjs/typeorm';
import { inTransaction } from '@shop/kit/database';
import { Queue } from 'bullmq';
import type { DataSource } from 'typeorm';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { eventually } from './catalog-under-test.js';
import { openPictures, type Pictures } from './images-under-test.js';

type Drawing = PayloadOf<typeof imageWorkerJobs.drawPicture>;

let pictures: Pictures;
let queue: Queue;

beforeEach(async () => {
  pictures = await openPictures();
  queue = new Queue('image-worker', { connection: pictures.redis, prefix: '{image-worker}' });
});
afterEach(async () => {
  await queue.close();
  await pictures.close();
});

const asked = async () =>
  (await queue.getJobs(['prioritized'], 0, -1, true)).map(({ data }) => (data as { payload: Drawing }).payload);
const count = async (where: string) =>
  (await pictures.database.query<{ n: number }>(`select count(*)::integer as n from products p where ${where}`))[0]!.n;
/** What is under way in the database, but for this question. */
const others = (which: string) =>
  pictures.database.query(
    `select query from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid() and ${which}`,
  );
const withImage = 'exists (select from images where product_id = p.id)';

test('every written product without a picture is drawn once, the made-up ones share what was drawn', async () => {
  const env = { SEED: 'demo', SEED_PICTURES: 'on', SEED_PRODUCTS: '3000' };
  const catalog = await pictures.start(env);
  await pictures.start(env); // a second replica asks for nothing more
  const drawings = await eventually(async () => {
    const all = await asked();
    expect(all).toHaveLength(120);
    return all;
  });
  expect(drawings).toContainEqual({
    productId: expect.any(String) as string,
    name: 'Weekender, Navy Twill',
    category: 'bags',
    tags: ['cotton', 'blue', 'travel'],
  });
  expect(await count(withImage)).toBe(0);

  await pictures.emptyQueue();
  for (const { productId, name } of drawings) {
    const upload = await pictures.upload(name);
    await catalog.rpc.call(catalogRpc.addImage, { product: productId, upload, alt: name });
    await pictures.work(catalog.rpc, upload.hash);
  }
  await eventually(async () => expect(await count(withImage)).toBe(3000));
  expect(await count(`${withImage} and 'navy' = any(picture_tags)`)).toBe(3000);
  // A picture stays within its category.
  const strangers = await pictures.database.query(
    `select from images a join products p on p.id = a.product_id join images b using (picture)
     join products o on o.id = b.product_id where o.category_id <> p.category_id`,
  );
  expect(strangers).toHaveLength(0);
  const { items } = await catalog.list({ category: 'bags', limit: 100 });
  expect(items.filter(({ image }) => image === null)).toEqual([]);
});

test('a picture whose last image is removed meanwhile is not shared', async () => {
  const catalog = await pictures.start({ SEED: 'demo', SEED_PRODUCTS: '400' });
  const { items } = await catalog.list({ category: 'bags', sort: 'newest', limit: 1 });
  const upload = await pictures.upload('bag');
  await catalog.rpc.call(catalogRpc.addImage, { product: items[0]!.id, upload });
  await pictures.work(catalog.rpc, upload.hash);
  await pictures.database.query(
    `insert into images (id, product_id, picture, position)
     select gen_random_uuid(), id, $1, 0 from products order by created_at desc limit 120 on conflict do nothing`,
    [upload.hash],
  );
  // What removing an image does, slowly.
  await inTransaction(catalog.app.get<DataSource>(getDataSourceToken('catalog')), async (sql) => {
    await sql('select from pictures where hash = $1 for update', [upload.hash]);
    await sql('delete from images where picture = $1', [upload.hash]);
    await sql('update pictures set unshown_at = now() where hash = $1', [upload.hash]);
    await pictures.start({ SEED: 'demo', SEED_PICTURES: 'on', SEED_PRODUCTS: '400' });
    await eventually(async () => expect(await others(`wait_event_type = 'Lock'`)).not.toEqual([]));
  });
  await eventually(async () => expect(await others(`state <> 'idle'`)).toEqual([]));
  const unshown = `exists (select from images join pictures on hash = picture
    where product_id = p.id and unshown_at is not null)`;
  expect(await count(unshown)).toBe(0);
});

test('what staff made themselves gets no picture that they did not upload', async () => {
  const catalog = await pictures.start({ SEED: 'demo', SEED_PRODUCTS: '0' });
  const own = { name: 'Own', description: '', category: 'desk', priceCents: 100, stock: 1 };
  await catalog.rpc.call(catalogRpc.createProduct, own);
  await pictures.stopAll();
  await pictures.start({ SEED: 'demo', SEED_PICTURES: 'on', SEED_PRODUCTS: '130' });
  const drawings = await eventually(async () => {
    const all = await asked();
    expect(all).toHaveLength(120);
    return all;
  });
  expect(drawings.map(({ name }) => name)).not.toContain('Own');
});

test('it can be switched off, and is not there without the demo shop', async () => {
  const off = await pictures.start({ SEED: 'demo', SEED_PICTURES: 'off' });
  const none = await pictures.start({ SEED_PICTURES: 'on' });
  await eventually(async () => expect((await off.list({})).items).not.toEqual([]));
  await Promise.all([off, none].map(({ rpc }) => rpc.call(catalogRpc.listCategories, {})));
  await new Promise((resolve) => setTimeout(resolve, 1500)); // longer than it takes to look
  expect(await asked()).toEqual([]);
});
