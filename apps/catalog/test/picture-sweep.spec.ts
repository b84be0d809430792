// What becomes of pictures when whoever worked on them dies, and of files that nobody needs.
import { randomUUID } from 'node:crypto';
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { catalogRpc } from '@shop/contracts/catalog';
import { originalKey } from '@shop/contracts/images';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { eventually, refusalOf, type Catalog } from './catalog-under-test.js';
import {
  doneSteps,
  hashOf,
  metric,
  newProduct,
  openPictures,
  resultsFor,
  type Pictures,
} from './pictures-under-test.js';
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
  await pictures.database.query('delete from images');
  await pictures.database.query('delete from pictures');
  for (const entry of await readdir(pictures.folder)) await rm(join(pictures.folder, entry), { recursive: true });
});
afterAll(() => pictures.close());

const addTo = async ({ rpc }: Catalog, some = bytes) =>
  rpc.call(catalogRpc.addImage, { product, upload: await pictures.upload(some) });
const image = ({ rpc }: Catalog, id: string) => rpc.call(catalogRpc.getImage, { id });

/** Rows as a catalog leaves them that dies right after committing them. */
async function rowsOnly(upload: string): Promise<string> {
  const id = randomUUID();
  await pictures.database.query(`insert into pictures (hash, type, bytes, upload) values ($1, 'image/png', 9, $2)`, [
    hash,
    upload,
  ]);
  await pictures.database.query('insert into images (id, product_id, picture, position) values ($1, $2, $3, 0)', [
    ...[id, product, hash],
  ]);
  return id;
}

describe('a catalog that dies', () => {
  it('before the file was moved, has it moved and put into the queue by the sweep', async () => {
    const { key } = await pictures.upload(bytes);
    await rowsOnly(key);
    await pictures.start(SWEPT);
    await eventually(async () => expect(await pictures.queued()).toEqual([hash]));
    expect([await pictures.has(key), await pictures.has(originalKey(hash))]).toEqual([false, true]);
  });

  it('before the row said that it was moved, has this found out', async () => {
    await pictures.write(originalKey(hash), bytes);
    await rowsOnly(`uploads/${randomUUID()}`);
    await pictures.start(SWEPT);
    await eventually(async () => expect(await pictures.queued()).toEqual([hash]));
  });

  it('and whose upload is lost, leaves an image that says so; uploading again mends it', async () => {
    const id = await rowsOnly(`uploads/${randomUUID()}`);
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

  it('while its caller tries again, does nothing twice', async () => {
    const upload = await pictures.upload(bytes);
    const id = await rowsOnly(upload.key);
    const catalog = await pictures.start();
    const added = await catalog.rpc.call(catalogRpc.addImage, { product, upload });
    expect(added.id).toBe(id);
    expect(await pictures.files()).toEqual([originalKey(hash)]);
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

describe('processing everything again', () => {
  it('goes on showing what there is until it is done, in its turn, and tells how far it is', async () => {
    const catalog = await pictures.start(SWEPT);
    const { id } = await addTo(catalog);
    await pictures.work(catalog.rpc, hash);
    await pictures.emptyQueue();
    const before = await catalog.getProduct(product);
    expect(await metric(catalog, 'pictures{status="ready"}')).toBe(1);

    expect(await catalog.rpc.call(catalogRpc.reprocessPictures, {})).toEqual({ pictures: 1 });
    expect(await metric(catalog, 'pictures{status="waiting"}')).toBe(1);
    expect(await metric(catalog, 'pictures{status="ready"}')).toBeUndefined();
    await eventually(async () => expect(await pictures.queued()).toEqual([hash]));
    const waiting = await image(catalog, id);
    expect([waiting.status, doneSteps(waiting), waiting.variants.length]).toEqual(['waiting', [], 3]);
    expect(await catalog.getProduct(product)).toEqual(before);

    const newer = resultsFor(hash, ['red'], '2');
    await pictures.work(catalog.rpc, hash, newer);
    const after = await catalog.getProduct(product);
    expect(after.images[0]!.variants.map(({ url }) => url)).toEqual(newer.resize.variants.map(({ key }) => `/${key}`));
    expect(after.tags).toEqual(['red']);
    // Addresses that were given out are good as long as the picture is shown.
    for (const { url } of before.images[0]!.variants) expect(await pictures.has(url.slice(1))).toBe(true);

    await catalog.rpc.call(catalogRpc.reprocessPictures, {});
    await catalog.rpc.call(catalogRpc.failPicture, { hash, reason: 'It cannot be read any more.' });
    expect(await image(catalog, id)).toMatchObject({ status: 'failed', variants: { length: 3 } });
    expect(await catalog.getProduct(product)).toEqual(after);
  });
});

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
