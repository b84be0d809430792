// The catalog is killed at each of its steps with images. Another replica, the client's retry or the sweep continues.
import { randomUUID } from 'node:crypto';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { catalogRpc } from '@shop/contracts/catalog';
import { ImageStep, originalKey, type Upload } from '@shop/contracts/images';
import { startProcess } from '@shop/kit/testing/processes';
import { testRedisUrl } from '@shop/kit/testing/stores';
import { Rpc } from '@shop/rpc/rpc';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, test } from 'vitest';
import { eventually, type Catalog } from './catalog-under-test.js';
import { hashOf, newProduct, openSetup, resultsFor, type Setup } from './images-under-test.js';

const SWEPT = { CATALOG_SWEEP_SECONDS: '0.1', PICTURE_RETRY_SECONDS: '0.3' };

const adding = ['after-writing-down', 'after-moving', 'after-settling', 'after-queueing'];
const working = ['after-beginning', 'after-completing'];
const removing = ['after-giving-up', 'after-removing-variants', 'after-removing-original'];
const others = ['after-removing-image', 'after-claiming'];

test('every fail point of images is tested', () => {
  const src = join(import.meta.dirname, '../src');
  const sources = globSync('**/*.ts', { cwd: src }).map((file) => readFileSync(join(src, file), 'utf8'));
  const named = sources.flatMap((text) => [...text.matchAll(/failPoint\('catalog\.image\.([^']+)'\)/g)]);
  expect(named.map(([, name]) => name).sort()).toEqual([...adding, ...working, ...removing, ...others].sort());
});

let setup: Setup;
let heir: Catalog;
let product: string;
let bytes: string;
let hash: string;

beforeAll(async () => {
  setup = await openSetup();
  const catalog = await setup.start();
  await catalog.rpc.call(catalogRpc.createCategory, { slug: 'desk', name: 'Desk' });
});
beforeEach(async () => {
  heir = await setup.start();
  product = (await newProduct(heir.rpc)).id;
  bytes = `image ${randomUUID()}`;
  hash = hashOf(bytes);
});
afterEach(async () => {
  await setup.stopAll();
  await setup.emptyQueue();
  await setup.removeAll();
});
afterAll(() => setup.close());

/** Starts a catalog that dies at `point`, by itself or during the call of `ask`. */
async function dies(point: string, ask?: (rpc: Rpc) => Promise<unknown>, env: Record<string, string> = {}) {
  const redis = testRedisUrl(4);
  const starting = startProcess('catalog', {
    ...{ CATALOG_DATABASE_URL: setup.database.url, REDIS_STATE_URL: redis, REDIS_CACHE_URL: redis },
    ...{ STORAGE_DIR: setup.folder, RPC_PORT: '0', CATALOG_SWEEP_SECONDS: '3600', ...env },
    FAIL_POINT: `catalog.image.${point}`,
  });
  const dying = await starting.catch((error: Error) => {
    expect(error.message).toContain('SIGKILL'); // killed before it was ready
  });
  if (!dying) return;
  const rpc = new Rpc({ addresses: { catalog: `127.0.0.1:${dying.rpcPort}` } });
  void ask?.(rpc).catch(() => undefined);
  expect(await dying.exited).toEqual([null, 'SIGKILL']);
  rpc.close();
}

const addBy = (rpc: Rpc, upload: Upload) => rpc.call(catalogRpc.addImage, { product, upload });
const addAgain = async () => addBy(heir.rpc, await setup.upload(bytes));
const statusOf = async (id: string) => (await heir.rpc.call(catalogRpc.getImage, { id })).status;
const shown = async () => (await heir.getProduct(product)).images.map(({ id }) => id);
const imagesInRows = async () =>
  (await setup.database.query<{ id: string }>('select id from images')).map(({ id }) => id);

const allFiles = () => [originalKey(hash), ...resultsFor(hash).resize.variants.map(({ key }) => key)].sort();

/** The image is queued, is processed, and has its files and no others. */
async function isProcessed(id: string): Promise<void> {
  await eventually(async () => expect(await setup.queued()).toEqual([hash]));
  await setup.work(heir.rpc, hash);
  expect([await statusOf(id), await imagesInRows()]).toEqual(['ready', [id]]);
  expect(await setup.files()).toEqual(allFiles());
}

describe.each(adding)('killed %s of an upload,', (point) => {
  it('the client’s retry gives the same image, and nothing is left of the first attempt', async () => {
    const upload = await setup.upload(bytes);
    await dies(point, (rpc) => addBy(rpc, upload));
    const [id] = await imagesInRows();
    expect((await addAgain()).id).toBe(id);
    await isProcessed(id!);
  });

  it('the sweep continues without a retry', async () => {
    const upload = await setup.upload(bytes);
    await dies(point, (rpc) => addBy(rpc, upload));
    await setup.start(SWEPT);
    await isProcessed((await imagesInRows())[0]!);
  });
});

it('killed after claiming stuck images, the next sweep finds them again', async () => {
  const { key } = await setup.upload(bytes);
  const id = await setup.rowsOnly(product, bytes, key);
  await dies('after-claiming', undefined, SWEPT);
  await setup.start(SWEPT);
  await isProcessed(id);
});

describe('killed while a worker processes an image,', () => {
  it('after the beginning: the worker’s retry begins anew', async () => {
    const { id } = await addAgain();
    await dies('after-beginning', (rpc) => rpc.call(catalogRpc.beginPicture, { hash, attempt: randomUUID() }));
    expect(await statusOf(id)).toBe('working');
    await isProcessed(id);
  });

  it('after the last step: the retry changes nothing, and shoppers see the image once their copy is stale', async () => {
    const { id } = await addAgain();
    const { rpc } = heir;
    const results = resultsFor(hash);
    const tick = (by: Rpc, step: ImageStep) =>
      by.call(catalogRpc.tickPicture, { hash, done: { step, result: results[step] } as never });
    for (const step of ['decode', 'resize', 'analyse'] as const) await tick(rpc, step);
    expect(await shown()).toEqual([]);
    await dies('after-completing', (dying) => tick(dying, 'tag'));
    await eventually(async () => expect(await shown()).toEqual([id]));
    const before = await rpc.call(catalogRpc.getImage, { id });
    await tick(rpc, 'tag');
    expect(await rpc.call(catalogRpc.getImage, { id })).toEqual(before);
  });
});

describe('killed while an image is removed,', () => {
  beforeEach(async () => {
    const { id } = await addAgain();
    await isProcessed(id);
    await setup.emptyQueue();
  });
  const remove = async (rpc: Rpc) => rpc.call(catalogRpc.removeImage, { id: (await imagesInRows())[0]! });
  const GREEDY = { CATALOG_SWEEP_SECONDS: '0.1', PICTURE_FILES_KEPT_SECONDS: '0' };
  const nothingIsLeft = () =>
    eventually(async () => {
      expect(await setup.database.query('select from pictures')).toEqual([]);
      expect(await setup.files()).toEqual([]);
    });

  it('after removing its row: the image is gone, and its files are removed later', async () => {
    expect(await shown()).toHaveLength(1);
    await dies('after-removing-image', remove);
    await eventually(async () => expect(await shown()).toEqual([]));
    await setup.start(GREEDY);
    await nothingIsLeft();
  });

  it.each(removing)('%s: the next sweep removes the rest', async (point) => {
    await remove(heir.rpc);
    await dies(point, undefined, GREEDY);
    expect(await setup.database.query('select from pictures')).toHaveLength(1);
    await setup.start(GREEDY);
    await nothingIsLeft();
  });

  it.each(removing)('%s: uploading it again processes it anew, with every file', async (point) => {
    await remove(heir.rpc);
    await dies(point, undefined, GREEDY);
    const added = await addAgain();
    expect(added.status).toBe('waiting');
    await isProcessed(added.id);
    expect(await shown()).toEqual([added.id]);
  });
});
