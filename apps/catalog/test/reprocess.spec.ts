// Processing all images again, by RPC and by command.
import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { catalogRpc } from '@shop/contracts/catalog';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { eventually, type Catalog } from './catalog-under-test.js';
import { doneSteps, hashOf, metric, newProduct, openSetup, resultsFor, type Setup } from './images-under-test.js';

const SWEPT = { CATALOG_SWEEP_SECONDS: '0.1', PICTURE_RETRY_SECONDS: '0.3' };

let setup: Setup;
let catalog: Catalog;
let product: string;
let bytes: string;
let hash: string;

beforeAll(async () => {
  setup = await openSetup();
  const { rpc } = await setup.start();
  await rpc.call(catalogRpc.createCategory, { slug: 'desk', name: 'Desk' });
});
beforeEach(async () => {
  catalog = await setup.start(SWEPT);
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

const add = async (some = bytes) =>
  catalog.rpc.call(catalogRpc.addImage, { product, upload: await setup.upload(some) });
const image = (id: string) => catalog.rpc.call(catalogRpc.getImage, { id });

it('previous results are shown until an image is processed again, and metrics show the progress', async () => {
  const { id } = await add();
  await setup.work(catalog.rpc, hash);
  await setup.emptyQueue();
  const before = await catalog.getProduct(product);
  expect(await metric(catalog, 'pictures{status="ready"}')).toBe(1);

  expect(await catalog.rpc.call(catalogRpc.reprocessPictures, {})).toEqual({ pictures: 1 });
  expect(await metric(catalog, 'pictures{status="waiting"}')).toBe(1);
  expect(await metric(catalog, 'pictures{status="ready"}')).toBeUndefined();
  await eventually(async () => expect(await setup.queued()).toEqual([hash]));
  const waiting = await image(id);
  expect([waiting.status, doneSteps(waiting), waiting.variants.length]).toEqual(['waiting', [], 3]);
  expect(await catalog.getProduct(product)).toEqual(before);

  const newer = resultsFor(hash, ['red'], '2');
  await setup.work(catalog.rpc, hash, newer);
  const after = await catalog.getProduct(product);
  expect(after.images[0]!.variants.map(({ url }) => url)).toEqual(newer.resize.variants.map(({ key }) => `/${key}`));
  expect(after.tags).toEqual(['red']);
  // Published URLs work as long as the image is shown.
  for (const { url } of before.images[0]!.variants) expect(await setup.has(url.slice(1))).toBe(true);

  await catalog.rpc.call(catalogRpc.reprocessPictures, {});
  await catalog.rpc.call(catalogRpc.failPicture, { hash, reason: 'It cannot be read any more.' });
  expect(await image(id)).toMatchObject({ status: 'failed', variants: { length: 3 } });
  expect(await catalog.getProduct(product)).toEqual(after);
});

it('the command shows the progress and ends when all images that are shown are done', async () => {
  await add();
  await setup.work(catalog.rpc, hash);
  const { id } = await add(`${bytes} not shown`);
  await catalog.rpc.call(catalogRpc.removeImage, { id });
  await setup.emptyQueue();

  const command = spawn(process.execPath, [join(import.meta.dirname, '../dist/reprocess.js')], {
    env: { CATALOG_DATABASE_URL: setup.database.url },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [told, exited] = [text(command.stdout), once(command, 'exit')];
  await eventually(async () => expect(await setup.queued()).toEqual([hash]));
  await setup.work(catalog.rpc, hash);
  expect(await exited).toEqual([0, null]);
  expect((await told).trim().split('\n')).toEqual([
    'Images to be processed again: 1',
    'Images: 0 of 1',
    'Images: 1 of 1',
  ]);
});
