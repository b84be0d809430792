// How the sweep finds images that got stuck.
import { randomUUID } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { catalogRpc } from '@shop/contracts/catalog';
import { originalKey } from '@shop/contracts/images';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { eventually, refusalOf, type Catalog } from './catalog-under-test.js';
import { hashOf, metric, newProduct, openSetup, resultsFor, type Setup } from './images-under-test.js';
import { toggledRedis } from './toggled-redis.js';

const SWEPT = { CATALOG_SWEEP_SECONDS: '0.1', PICTURE_RETRY_SECONDS: '0.3' };

let setup: Setup;
let product: string;
let bytes: string;
let hash: string;

beforeAll(async () => {
  setup = await openSetup();
  const catalog = await setup.start();
  await catalog.rpc.call(catalogRpc.createCategory, { slug: 'desk', name: 'Desk' });
});
beforeEach(async () => {
  const catalog = await setup.start();
  product = (await newProduct(catalog.rpc)).id;
  bytes = `image ${randomUUID()}`;
  hash = hashOf(bytes);
});
afterEach(async () => {
  await setup.stopAll();
  await setup.emptyQueue();
  await setup.removeAll();
});
afterAll(() => setup.close());

const addTo = async ({ rpc }: Catalog, some = bytes) =>
  rpc.call(catalogRpc.addImage, { product, upload: await setup.upload(some) });
const another = async () => (await newProduct((await setup.start()).rpc)).id;
const image = ({ rpc }: Catalog, id: string) => rpc.call(catalogRpc.getImage, { id });

describe('a recorded upload', () => {
  it('whose file is lost fails with that reason, and uploading it again repairs it', async () => {
    const id = await setup.rowsOnly(product, bytes, `uploads/${randomUUID()}`);
    const catalog = await setup.start(SWEPT);
    const failed = await eventually(async () => {
      const now = await image(catalog, id);
      expect(now.status).toBe('failed');
      return now;
    });
    expect(failed.reason).toContain('upload it again');
    expect((await addTo(catalog)).id).toBe(id);
    await setup.work(catalog.rpc, hash);
    expect((await image(catalog, id)).status).toBe('ready');
  });

  it('is moved once, also when its caller retries', async () => {
    const upload = await setup.upload(bytes);
    const id = await setup.rowsOnly(product, bytes, upload.key);
    const catalog = await setup.start();
    const added = await catalog.rpc.call(catalogRpc.addImage, { product, upload });
    expect(added.id).toBe(id);
    expect(await setup.files()).toEqual([originalKey(hash)]);
  });

  it('that cannot be moved does not hold up others', async () => {
    const [stuck, other] = [`${bytes} stuck`, `${bytes} other`];
    for (const one of [stuck, other]) await setup.rowsOnly(await another(), one, (await setup.upload(one)).key);
    await setup.database.query(
      `update pictures set touched_at = case hash when $1 then '-infinity' else now() - interval '2 hours' end`,
      [hashOf(stuck)],
    );
    // A folder with content, in place of the file.
    await setup.write(`${originalKey(hashOf(stuck))}/file`, 'x');
    await setup.start({ ...SWEPT, PICTURE_RETRY_SECONDS: '3600' });
    await eventually(async () => expect(await setup.queued()).toEqual([hashOf(other)]));
  });
});

describe('the queue', () => {
  it('may be away: the upload is accepted, and queued when Redis is back', async () => {
    const redis = await toggledRedis(4);
    const catalog = await setup.start({ ...SWEPT, REDIS_STATE_URL: redis.url });
    redis.cut();
    expect((await addTo(catalog)).status).toBe('waiting');
    expect(await metric(catalog, 'queue_depth{queue="image-worker"}')).toBeUndefined();
    expect(await metric(catalog, 'pictures{status="waiting"}')).toBe(1);
    redis.open();
    await eventually(async () => expect(await setup.queued()).toEqual([hash]));
    await setup.stopAll();
    redis.close();
  });

  it('may lose everything, and workers may die: images are queued again until they are done', async () => {
    const catalog = await setup.start(SWEPT);
    const { id } = await addTo(catalog);
    for (const step of ['decode', 'resize'] as const) {
      await setup.emptyQueue();
      await eventually(async () => expect(await setup.queued()).toEqual([hash]));
      const { work } = await catalog.rpc.call(catalogRpc.beginPicture, { hash });
      expect(work).not.toBeNull();
      const done = { step, result: resultsFor(hash)[step] } as never;
      await catalog.rpc.call(catalogRpc.tickPicture, { hash, done });
    }
    await setup.work(catalog.rpc, hash);
    await setup.emptyQueue();
    expect((await image(catalog, id)).status).toBe('ready');
    await twoSweeps();
    expect(await setup.queued()).toEqual([]);
  });
});

/** Waits until two sweeps have run. */
async function twoSweeps(): Promise<void> {
  const marker = randomUUID();
  for (const _ of [1, 2]) {
    const other = hashOf(marker);
    await setup.database.query(
      `insert into pictures (hash, type, bytes, touched_at) values ($1, 'image/png', 9, '-infinity')
       on conflict (hash) do update set touched_at = '-infinity'`,
      [other],
    );
    await eventually(async () => expect(await setup.queued()).toContain(other));
    await setup.emptyQueue();
  }
  await setup.database.query('delete from pictures where hash = $1', [hashOf(marker)]);
}

describe('a storage that is away', () => {
  it('delays moving an upload until it is back', async () => {
    const catalog = await setup.start(SWEPT);
    const upload = await setup.upload(bytes);
    await setup.write('originals', 'a file in place of the folder');
    expect(await refusalOf(catalog.rpc.call(catalogRpc.addImage, { product, upload }))).toMatchObject({
      code: 'unavailable',
    });
    await rm(`${setup.folder}/originals`);
    await eventually(async () => expect(await setup.queued()).toEqual([hash]));
    expect(await setup.has(originalKey(hash))).toBe(true);
  });
});

it('several replicas sweep at once, and each image is queued once', async () => {
  await Promise.all(Array.from({ length: 3 }, () => setup.start({ ...SWEPT, PICTURE_RETRY_SECONDS: '3600' })));
  await setup.database.query(
    `insert into pictures (hash, type, bytes, touched_at)
     select md5(i::text) || md5(i::text), 'image/png', 9, '-infinity' from generate_series(1, 250) i`,
  );
  await eventually(async () => expect((await setup.queued()).length).toBe(250));
  expect(new Set(await setup.queued()).size).toBe(250);
});

it('images that were never shown are queued before any number of images processed again', async () => {
  await setup.database.query(
    `insert into pictures (hash, type, bytes, touched_at, shown)
     select md5(i::text) || md5(i::text), 'image/png', 9, '-infinity', '{}' from generate_series(1, 1200) i`,
  );
  await setup.rowsOnly(product, bytes, (await setup.upload(bytes)).key);
  await setup.database.query(`update pictures set touched_at = now() - interval '1 day' where hash = $1`, [hash]);
  await setup.start({ ...SWEPT, PICTURE_RETRY_SECONDS: '3600' });
  // The queue is full with a thousand jobs.
  await eventually(async () => expect(await setup.queued()).toContain(hash));
});
