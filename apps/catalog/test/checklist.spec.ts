import { randomUUID } from 'node:crypto';
import { catalogRpc } from '@shop/contracts/catalog';
import { ImageStep, originalKey, type Upload } from '@shop/contracts/images';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { eventually, type Catalog } from './catalog-under-test.js';
import { doneSteps, hashOf, newProduct, openSetup, resultsFor, type Setup } from './images-under-test.js';

let setup: Setup;
let catalog: Catalog;
let product: { id: string; slug: string; version: number };
let bytes: string;

beforeAll(async () => {
  setup = await openSetup();
  catalog = await setup.start();
  await catalog.rpc.call(catalogRpc.createCategory, { slug: 'desk', name: 'Desk' });
});
beforeEach(async () => {
  await setup.emptyQueue();
  product = await newProduct(catalog.rpc);
  bytes = `image ${randomUUID()}`;
});
afterAll(() => setup.close());

const add = (upload: Upload, to = product.id) => catalog.rpc.call(catalogRpc.addImage, { product: to, upload });
const addBytes = async (some: string, to?: string) => add(await setup.upload(some), to);
const image = (id: string) => catalog.rpc.call(catalogRpc.getImage, { id });

describe('the checklist', () => {
  it('shows shoppers an image once its last step is done, on every replica and without counting as an edit', async () => {
    const other = await setup.start({ CATALOG_FRESH_MS: '3600000', MEDIA_URL: 'https://media.example/shop/' });
    const before = await other.getProduct(product.slug);
    expect((await other.list({ limit: 1 })).items[0]).toMatchObject({ id: product.id, image: null });
    expect((await other.list({ tag: 'violet' })).items).toEqual([]);

    const { id } = await addBytes(bytes);
    await setup.work(catalog.rpc, hashOf(bytes), resultsFor(hashOf(bytes), ['violet', 'round']));
    const shown = await eventually(async () => {
      const now = await other.getProduct(product.slug);
      expect(now.images).toHaveLength(1);
      return now;
    });
    const { variants, ...rest } = shown.images[0]!;
    expect(rest).toEqual({ id, alt: 'Piece', placeholder: 'data:image/webp;base64,AA==' });
    expect(variants.map(({ name }) => name)).toEqual(['thumb', 'card', 'page']);
    const { key } = resultsFor(hashOf(bytes)).resize.variants[0]!;
    expect(variants[0]).toEqual({
      ...{ name: 'thumb', width: 320, height: 320, type: 'image/webp' },
      url: `https://media.example/shop/${key.slice('media/'.length)}`,
    });
    expect(shown).toEqual({ ...before, images: shown.images, tags: ['round', 'violet'] });

    const found = (await other.list({ tag: 'violet' })).items;
    expect(found.map((item) => item.id)).toEqual([product.id]);
    expect(found[0]!.image).toEqual({ ...shown.images[0], variants: variants.slice(0, 2) });
  });

  it('is completed step by step, and continues where a worker stopped', async () => {
    const { id } = await addBytes(bytes);
    const hash = hashOf(bytes);
    const results = resultsFor(hash);
    const begin = async () => (await catalog.rpc.call(catalogRpc.beginPicture, { hash })).work;
    const tick = (step: ImageStep, result: unknown) =>
      catalog.rpc.call(catalogRpc.tickPicture, { hash, done: { step, result } as never });

    expect(await begin()).toEqual({ key: originalKey(hash), type: 'image/png', done: {} });
    await tick('decode', results.decode);
    await tick('resize', results.resize);
    expect(await begin()).toMatchObject({ done: { decode: results.decode, resize: results.resize } });
    const half = await image(id);
    expect([half.status, doneSteps(half)]).toEqual(['working', ['decode', 'resize']]);
    expect((await catalog.getProduct(product.slug)).images).toEqual([]);

    // The first result stays.
    await tick('resize', resultsFor(hash, [], 'other').resize);
    await tick('analyse', results.analyse);
    await tick('tag', results.tag);
    await tick('tag', { tags: ['late'] });
    const ready = await image(id);
    expect(ready).toMatchObject({ status: 'ready', tags: results.tag.tags, colors: results.analyse.colors });
    expect(ready.variants.map(({ url }) => url)).toEqual(results.resize.variants.map(({ key }) => `/${key}`));
    expect(await begin()).toBeNull();
  });

  describe('counts attempts that are never heard of again:', () => {
    let hash: string;
    let id: string;
    beforeEach(async () => {
      id = (await addBytes(bytes)).id;
      hash = hashOf(bytes);
    });
    const begin = async (attempt = randomUUID()) =>
      (await catalog.rpc.call(catalogRpc.beginPicture, { hash, attempt })).work;

    it('after five of them the image fails, until it is uploaded again', async () => {
      for (let i = 0; i < 5; i++) expect(await begin()).not.toBeNull();
      expect((await image(id)).status).toBe('working');
      expect(await begin()).toBeNull();
      expect(await image(id)).toMatchObject({ status: 'failed', reason: expect.stringMatching(/broke off 5 times/) });
      expect(await begin()).toBeNull();
      await addBytes(bytes);
      expect(await begin()).not.toBeNull();
      expect((await image(id)).reason).toBeUndefined();
    });

    it('not attempts that were left, none twice, and none from before a completed step', async () => {
      const left = async () => {
        const attempt = randomUUID();
        await begin(attempt);
        await catalog.rpc.call(catalogRpc.leavePicture, { hash, attempt });
      };
      const same = randomUUID();
      for (let i = 0; i < 8; i++) {
        await left();
        expect(await begin(same)).not.toBeNull();
      }
      for (let i = 0; i < 4; i++) await begin();
      const { decode } = resultsFor(hash);
      await catalog.rpc.call(catalogRpc.tickPicture, { hash, done: { step: 'decode', result: decode } });
      for (let i = 0; i < 5; i++) expect(await begin()).not.toBeNull();
      expect(await begin()).toBeNull();
    });
  });

  it('has no work for an unknown image', async () => {
    expect(await catalog.rpc.call(catalogRpc.beginPicture, { hash: hashOf('none') })).toEqual({ work: null });
    const { decode } = resultsFor(hashOf('none'));
    await catalog.rpc.call(catalogRpc.tickPicture, { hash: hashOf('none'), done: { step: 'decode', result: decode } });
    await catalog.rpc.call(catalogRpc.failPicture, { hash: hashOf('none'), reason: 'x' });
  });

  it('ends with a reason when an image cannot be processed, and uploading it again starts anew', async () => {
    const { id } = await addBytes(bytes);
    const hash = hashOf(bytes);
    await catalog.rpc.call(catalogRpc.failPicture, { hash, reason: 'This is no image.' });
    expect(await image(id)).toMatchObject({ status: 'failed', reason: 'This is no image.' });
    expect((await catalog.getProduct(product.slug)).images).toEqual([]);
    expect(await catalog.rpc.call(catalogRpc.beginPicture, { hash })).toEqual({ work: null });

    await setup.emptyQueue();
    const again = await addBytes(bytes);
    expect(again).toMatchObject({ id, status: 'waiting' });
    expect(again.reason).toBeUndefined();
    expect(await setup.queued()).toEqual([hash]);
    await setup.work(catalog.rpc, hash);
    await catalog.rpc.call(catalogRpc.failPicture, { hash, reason: 'too late' });
    expect((await image(id)).status).toBe('ready');
  });
});
