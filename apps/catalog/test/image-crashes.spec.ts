// The catalog is killed at each of its steps with pictures. Another replica, the client's next try or the sweep goes
// on.
import { randomUUID } from 'node:crypto';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { catalogRpc } from '@shop/contracts/catalog';
import { ImageStep, originalKey, type Upload } from '@shop/contracts/images';
import { Rpc } from '@shop/kit/rpc/rpc';
import { startProcess } from '@shop/kit/testing/processes';
import { testRedisUrl } from '@shop/kit/testing/stores';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, test } from 'vitest';
import { eventually, type Catalog } from './catalog-under-test.js';
import { hashOf, newProduct, openPictures, resultsFor, type Pictures } from './images-under-test.js';

const SWEPT = { CATALOG_SWEEP_SECONDS: '0.1', PICTURE_RETRY_SECONDS: '0.3' };

const adding = ['after-writing-down', 'after-moving', 'after-settling', 'after-queueing'];
const working = ['after-beginning', 'after-ticking'];
const removing = ['after-giving-up', 'after-removing-variants', 'after-removing-original'];
const others = ['after-removing-image', 'after-claiming'];

test('every crash point of pictures is gone through', () => {
  const src = join(import.meta.dirname, '../src');
  const sources = globSync('**/*.ts', { cwd: src }).map((file) => readFileSync(join(src, file), 'utf8'));
  const named = sources.flatMap((text) => [...text.matchAll(/crashPoint\('catalog\.picture\.([^']+)'\)/g)]);
  expect(named.map(([, name]) => name).sort()).toEqual([...adding, ...working, ...removing, ...others].sort());
});

let pictures: Pictures;
let heir: Catalog;
let product: string;
let bytes: string;
let hash: string;

beforeAll(async () => {
  pictures = await openPictures();
  const catalog = await pictures.start();
  await catalog.rpc.call(catalogRpc.createCategory, { slug: 'desk', name: 'Desk' });
});
beforeEach(async () => {
  heir = await pictures.start();
  product = (await newProduct(heir.rpc)).id;
  bytes = `picture ${randomUUID()}`;
  hash = hashOf(bytes);
});
afterEach(async () => {
  await pictures.stopAll();
  await pictures.emptyQueue();
  await pictures.removeAll();
});
afterAll(() => pictures.close());

/** A catalog that dies at `point`, of itself or over what it is asked. */
async function dies(point: string, ask?: (rpc: Rpc) => Promise<unknown>, env: Record<string, string> = {}) {
  const redis = testRedisUrl(4);
  const starting = startProcess('catalog', {
    ...{ CATALOG_DATABASE_URL: pictures.database.url, REDIS_STATE_URL: redis, REDIS_CACHE_URL: redis },
    ...{ STORAGE_DIR: pictures.folder, RPC_PORT: '0', CATALOG_SWEEP_SECONDS: '3600', ...env },
    CRASH_AT: `catalog.picture.${point}`,
  });
  const dying = await starting.catch((error: Error) => {
    expect(error.message).toContain('SIGKILL'); // before it could say that it is ready
  });
  if (!dying) return;
  const rpc = new Rpc({ addresses: { catalog: `127.0.0.1:${dying.rpcPort}` } });
  void ask?.(rpc).catch(() => undefined);
  expect(await dying.exited).toEqual([null, 'SIGKILL']);
  rpc.close();
}

const addBy = (rpc: Rpc, upload: Upload) => rpc.call(catalogRpc.addImage, { product, upload });
const addAgain = async () => addBy(heir.rpc, await pictures.upload(bytes));
const statusOf = async (id: string) => (await heir.rpc.call(catalogRpc.getImage, { id })).status;
const shown = async () => (await heir.getProduct(product)).images.map(({ id }) => id);
const imagesInRows = async () =>
  (await pictures.database.query<{ id: string }>('select id from images')).map(({ id }) => id);

const allFiles = () => [originalKey(hash), ...resultsFor(hash).resize.variants.map(({ key }) => key)].sort();

/** It is in the queue, is worked off, and has what it should have and no more. */
async function isProcessed(id: string): Promise<void> {
  await eventually(async () => expect(await pictures.queued()).toEqual([hash]));
  await pictures.work(heir.rpc, hash);
  expect([await statusOf(id), await imagesInRows()]).toEqual(['ready', [id]]);
  expect(await pictures.files()).toEqual(allFiles());
}

describe.each(adding)('killed %s of an upload,', (point) => {
  it('the client’s next try is the same image, and nothing is left of the first', async () => {
    const upload = await pictures.upload(bytes);
    await dies(point, (rpc) => addBy(rpc, upload));
    const [id] = await imagesInRows();
    expect((await addAgain()).id).toBe(id);
    await isProcessed(id!);
  });

  it('and nobody tries again, the sweep goes on', async () => {
    const upload = await pictures.upload(bytes);
    await dies(point, (rpc) => addBy(rpc, upload));
    await pictures.start(SWEPT);
    await isProcessed((await imagesInRows())[0]!);
  });
});

it('killed after claiming what got stuck, the next sweep finds it again', async () => {
  const { key } = await pictures.upload(bytes);
  const id = await pictures.rowsOnly(product, bytes, key);
  await dies('after-claiming', undefined, SWEPT);
  await pictures.start(SWEPT);
  await isProcessed(id);
});

describe('killed while a worker is at it,', () => {
  it('after beginning: the worker’s retry begins anew', async () => {
    const { id } = await addAgain();
    await dies('after-beginning', (rpc) => rpc.call(catalogRpc.beginPicture, { hash, attempt: randomUUID() }));
    expect(await statusOf(id)).toBe('working');
    await isProcessed(id);
  });

  it('after the last tick: the retry changes nothing, and shoppers see it as soon as their copy is old', async () => {
    const { id } = await addAgain();
    const { rpc } = heir;
    const results = resultsFor(hash);
    const tick = (by: Rpc, step: ImageStep) =>
      by.call(catalogRpc.tickPicture, { hash, done: { step, result: results[step] } as never });
    for (const step of ['decode', 'resize', 'analyse'] as const) await tick(rpc, step);
    expect(await shown()).toEqual([]);
    await dies('after-ticking', (dying) => tick(dying, 'tag'));
    await eventually(async () => expect(await shown()).toEqual([id]));
    const before = await rpc.call(catalogRpc.getImage, { id });
    await tick(rpc, 'tag');
    expect(await rpc.call(catalogRpc.getImage, { id })).toEqual(before);
  });
});

describe('killed while a picture is removed,', () => {
  beforeEach(async () => {
    const { id } = await addAgain();
    await isProcessed(id);
    await pictures.emptyQueue();
  });
  const remove = async (rpc: Rpc) => rpc.call(catalogRpc.removeImage, { id: (await imagesInRows())[0]! });
  const GREEDY = { CATALOG_SWEEP_SECONDS: '0.1', PICTURE_FILES_KEPT_SECONDS: '0' };
  const nothingIsLeft = () =>
    eventually(async () => {
      expect(await pictures.database.query('select from pictures')).toEqual([]);
      expect(await pictures.files()).toEqual([]);
    });

  it('after removing the image: it is gone, and so are its files in time', async () => {
    expect(await shown()).toHaveLength(1);
    await dies('after-removing-image', remove);
    await eventually(async () => expect(await shown()).toEqual([]));
    await pictures.start(GREEDY);
    await nothingIsLeft();
  });

  it.each(removing)('%s: the next sweep removes the rest', async (point) => {
    await remove(heir.rpc);
    await dies(point, undefined, GREEDY);
    expect(await pictures.database.query('select from pictures')).toHaveLength(1);
    await pictures.start(GREEDY);
    await nothingIsLeft();
  });

  it.each(removing)('%s: who uploads it again has it made anew, with every file', async (point) => {
    await remove(heir.rpc);
    await dies(point, undefined, GREEDY);
    const added = await addAgain();
    expect(added.status).toBe('waiting');
    await isProcessed(added.id);
    expect(await shown()).toEqual([added.id]);
  });
});
