// What becomes of pictures that got stuck.
import { randomUUID } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { catalogRpc } from '@shop/contracts/catalog';
import { originalKey } from '@shop/contracts/images';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { eventually, refusalOf, type Catalog } from './catalog-under-test.js';
import { hashOf, metric, newProduct, openPictures, resultsFor, type Pictures } from './images-under-test.js';
import { toggledRedis } from './toggled-redis.js';

const SWEPT = { CATALOG_SWEEP_SECONDS: '0.1', PICTURE_RETRY_SECONDS: '0.3' };

let pictures: Pictures;
let product: string;
let bytes: string;
let hash: string;

beforeAll(async () => {
  pictures = await openPictures();
  const catalog = await pictures.start();
  await catalog.rpc.call(catalogRpc.createCategory, { slug: 'desk', name: 'Desk' });
});
beforeEach(async () => {
  const catalog = await pictures.start();
  product = (await newProduct(catalog.rpc)).id;
  bytes = `picture ${randomUUID()}`;
  hash = hashOf(bytes);
});
afterEach(async () => {
  await pictures.stopAll();
  await pictures.emptyQueue();
  await pictures.removeAll();
});
afterAll(() => pictures.close());

const addTo = async ({ rpc }: Catalog, some = bytes) =>
  rpc.call(catalogRpc.addImage, { product, upload: await pictures.upload(some) });
const another = async () => (await newProduct((await pictures.start()).rpc)).id;
const image = ({ rpc }: Catalog, id: string) => rpc.call(catalogRpc.getImage, { id });

describe('an upload that was written down', () => {
  it('and got lost, leaves an image that says so; uploading again mends it', async () => {
    const id = await pictures.rowsOnly(product, bytes, `uploads/${randomUUID()}`);
    const catalog = await pictures.start(SWEPT);
    const failed = await eventually(async () => {
      const now = await image(catalog, id);
      expect(now.status).toBe('failed');
      return now;
    });
    expect(failed.reason).toContain('upload it again');
    expect((await addTo(catalog)).id).toBe(id);
    await pictures.work(catalog.rpc, hash);
    expect((await image(catalog, id)).status).toBe('ready');
  });

  it('is moved once, also when its caller tries again', async () => {
    const upload = await pictures.upload(bytes);
    const id = await pictures.rowsOnly(product, bytes, upload.key);
    const catalog = await pictures.start();
    const added = await catalog.rpc.call(catalogRpc.addImage, { product, upload });
    expect(added.id).toBe(id);
    expect(await pictures.files()).toEqual([originalKey(hash)]);
  });

  it('and cannot be moved, does not hold up others', async () => {
    const [stuck, other] = [`${bytes} stuck`, `${bytes} other`];
    for (const one of [stuck, other]) await pictures.rowsOnly(await another(), one, (await pictures.upload(one)).key);
    await pictures.database.query(
      `update pictures set touched_at = case hash when $1 then '-infinity' else now() - interval '2 hours' end`,
      [hashOf(stuck)],
    );
    // A folder that is not empty, where a file is to be.
    await pictures.write(`${originalKey(hashOf(stuck))}/file`, 'x');
    await pictures.start({ ...SWEPT, PICTURE_RETRY_SECONDS: '3600' });
    await eventually(async () => expect(await pictures.queued()).toEqual([hashOf(other)]));
  });
});

describe('the queue', () => {
  it('may be away: the upload is taken, and queued when the queue is back', async () => {
    const redis = await toggledRedis(4);
    const catalog = await pictures.start({ ...SWEPT, REDIS_STATE_URL: redis.url });
    redis.cut();
    expect((await addTo(catalog)).status).toBe('waiting');
    expect(await metric(catalog, 'queue_depth{queue="image-worker"}')).toBeUndefined();
    expect(await metric(catalog, 'pictures{status="waiting"}')).toBe(1);
    redis.open();
    await eventually(async () => expect(await pictures.queued()).toEqual([hash]));
    await pictures.stopAll();
    redis.close();
  });

  it('may lose everything, and workers may die: pictures come back until they are done', async () => {
    const catalog = await pictures.start(SWEPT);
    const { id } = await addTo(catalog);
    for (const step of ['decode', 'resize'] as const) {
      await pictures.emptyQueue();
      await eventually(async () => expect(await pictures.queued()).toEqual([hash]));
      const { work } = await catalog.rpc.call(catalogRpc.beginPicture, { hash });
      expect(work).not.toBeNull();
      const done = { step, result: resultsFor(hash)[step] } as never;
      await catalog.rpc.call(catalogRpc.tickPicture, { hash, done });
    }
    await pictures.work(catalog.rpc, hash);
    await pictures.emptyQueue();
    expect((await image(catalog, id)).status).toBe('ready');
    await twoSweeps();
    expect(await pictures.queued()).toEqual([]);
  });
});

/** Until everything that sweeps had to do is done. */
async function twoSweeps(): Promise<void> {
  const marker = randomUUID();
  for (const _ of [1, 2]) {
    const other = hashOf(marker);
    await pictures.database.query(
      `insert into pictures (hash, type, bytes, touched_at) values ($1, 'image/png', 9, '-infinity')
       on conflict (hash) do update set touched_at = '-infinity'`,
      [other],
    );
    await eventually(async () => expect(await pictures.queued()).toContain(other));
    await pictures.emptyQueue();
  }
  await pictures.database.query('delete from pictures where hash = $1', [hashOf(marker)]);
}

describe('a storage that is away', () => {
  it('leaves an upload to be moved when it is back', async () => {
    const catalog = await pictures.start(SWEPT);
    const upload = await pictures.upload(bytes);
    await pictures.write('originals', 'a file, where a folder is needed');
    expect(await refusalOf(catalog.rpc.call(catalogRpc.addImage, { product, upload }))).toMatchObject({
      code: 'unavailable',
    });
    await rm(`${pictures.folder}/originals`);
    await eventually(async () => expect(await pictures.queued()).toEqual([hash]));
    expect(await pictures.has(originalKey(hash))).toBe(true);
  });
});

it('is swept by as many replicas as there are: each picture is in the queue once', async () => {
  await Promise.all(Array.from({ length: 3 }, () => pictures.start({ ...SWEPT, PICTURE_RETRY_SECONDS: '3600' })));
  await pictures.database.query(
    `insert into pictures (hash, type, bytes, touched_at)
     select md5(i::text) || md5(i::text), 'image/png', 9, '-infinity' from generate_series(1, 250) i`,
  );
  await eventually(async () => expect((await pictures.queued()).length).toBe(250));
  expect(new Set(await pictures.queued()).size).toBe(250);
});

it('puts what nobody has seen yet before what is only done again, however much that is', async () => {
  await pictures.database.query(
    `insert into pictures (hash, type, bytes, touched_at, shown)
     select md5(i::text) || md5(i::text), 'image/png', 9, '-infinity', '{}' from generate_series(1, 1200) i`,
  );
  await pictures.rowsOnly(product, bytes, (await pictures.upload(bytes)).key);
  await pictures.database.query(`update pictures set touched_at = now() - interval '1 day' where hash = $1`, [hash]);
  await pictures.start({ ...SWEPT, PICTURE_RETRY_SECONDS: '3600' });
  // A thousand fill the queue.
  await eventually(async () => expect(await pictures.queued()).toContain(hash));
});
