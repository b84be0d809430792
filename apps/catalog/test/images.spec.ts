import { randomUUID } from 'node:crypto';
import { catalogRpc } from '@shop/contracts/catalog';
import { ImageStep, originalKey, type Upload } from '@shop/contracts/images';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { eventually, NOWHERE, refusalOf, refusedField, type Catalog } from './catalog-under-test.js';
import { hashOf, metric, newProduct, openSetup, resultsFor, type Setup } from './images-under-test.js';

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
const remove = (id: string) => catalog.rpc.call(catalogRpc.removeImage, { id });
const order = (ids: string[]) => catalog.rpc.call(catalogRpc.orderImages, { product: product.id, ids });

describe('an upload', () => {
  it('is recorded, moved to its place and put into the queue', async () => {
    const upload = await setup.upload(bytes);
    const added = await add(upload);
    expect(added).toMatchObject({
      productId: product.id,
      status: 'waiting',
      variants: [],
      tags: [],
      placeholder: null,
    });
    expect(added.steps).toEqual(ImageStep.options.map((name) => ({ name, doneAt: null })));
    expect(await image(added.id)).toEqual(added);
    expect([await setup.has(upload.key), await setup.has(originalKey(upload.hash))]).toEqual([false, true]);
    expect(await setup.queued()).toEqual([upload.hash]);
    expect(await metric(catalog, 'queue_depth{queue="image-worker"}')).toBe(1);
    expect(await metric(catalog, 'queue_oldest_seconds{queue="image-worker"}')).toBeLessThan(60);
  });

  it('is listed for staff at once, though shoppers do not see it yet', async () => {
    const [first, second] = [await addBytes(bytes), await addBytes(`another ${bytes}`)];
    const listed = await catalog.rpc.call(catalogRpc.listImages, { product: product.slug });
    expect(listed.items).toEqual([first, second]);
    expect(await refusalOf(catalog.rpc.call(catalogRpc.listImages, { product: NOWHERE }))).toMatchObject({
      code: 'not_found',
    });
  });

  it('of the same bytes to the same product is the same image, also when the call is repeated', async () => {
    const [first, second] = [await setup.upload(bytes), await setup.upload(bytes)];
    const ids = [await add(first), await add(first), await add(second)].map(({ id }) => id);
    expect(new Set(ids).size).toBe(1);
    expect(await setup.has(second.key)).toBe(false);
    expect(await setup.queued()).toEqual([hashOf(bytes)]);
  });

  it('of the same bytes to another product shares the file, which is not processed again', async () => {
    const other = await newProduct(catalog.rpc);
    const first = await addBytes(bytes);
    await setup.work(catalog.rpc, hashOf(bytes));
    await setup.emptyQueue();
    expect((await catalog.getProduct(other.slug)).images).toEqual([]);
    const second = await addBytes(bytes, other.slug);
    expect(second).toEqual({ ...(await image(first.id)), id: second.id, productId: other.id });
    expect(second.status).toBe('ready');
    expect(await setup.queued()).toEqual([]);
    expect(await catalog.getProduct(other.slug)).toMatchObject({
      images: [{ id: second.id }],
      tags: ['navy', 'portrait'],
    });
  });

  it('of the same bytes twenty times at once, to two products, is one file and two images', async () => {
    const products = [product, await newProduct(catalog.rpc)];
    const uploads = await Promise.all(Array.from({ length: 20 }, () => setup.upload(bytes)));
    const added = await Promise.all(uploads.map((upload, i) => add(upload, products[i % 2]!.id)));
    expect(new Set(added.map(({ id }) => id)).size).toBe(2);
    expect(await setup.queued()).toEqual([hashOf(bytes)]);
    expect((await setup.files()).filter((key) => key.startsWith('uploads/'))).toEqual([]);
    expect(await setup.has(originalKey(hashOf(bytes)))).toBe(true);
  });

  it('is refused for an unknown product, and with a key that is not an upload', async () => {
    const upload = await setup.upload(bytes);
    expect(await refusalOf(add(upload, NOWHERE))).toEqual({ code: 'not_found' });
    expect(await refusalOf(add(upload, 'no-such-slug'))).toEqual({ code: 'not_found' });
    const foreign = { ...upload, key: `originals/${upload.hash}` };
    expect(await refusalOf(add(foreign))).toMatchObject({ code: 'invalid_request' });
  });

  it('is accepted for a hidden product', async () => {
    await catalog.rpc.call(catalogRpc.updateProduct, { product: product.id, version: 1, patch: { hidden: true } });
    expect(await catalog.rpc.call(catalogRpc.findProduct, { product: product.slug })).toEqual({ id: product.id });
    expect((await addBytes(bytes)).productId).toBe(product.id);
  });

  it('is refused when the product has 100 images', async () => {
    await addRows(100);
    expect(await refusalOf(addBytes(bytes))).toMatchObject({ code: 'invalid_request' });
    await forgetImages();
  });
});

describe('the images of a product', () => {
  it('have the order that staff give them, followed by images that are not named', async () => {
    const ids: string[] = [];
    for (const name of ['a', 'b', 'c']) {
      ids.push((await addBytes(`${bytes} ${name}`)).id);
      await setup.work(catalog.rpc, hashOf(`${bytes} ${name}`), resultsFor(hashOf(`${bytes} ${name}`), [name]));
    }
    const [a, b, c] = ids as [string, string, string];
    expect((await catalog.getProduct(product.slug)).tags).toEqual(['a', 'b', 'c']);
    expect((await order([c])).items.map(({ id }) => id)).toEqual([c, a, b]);
    expect((await catalog.getProduct(product.slug)).images.map(({ id }) => id)).toEqual([c, a, b]);
    expect((await catalog.list({ limit: 1 })).items[0]!.image?.id).toBe(c);
    expect(await refusalOf(order([a, NOWHERE]))).toEqual(refusedField('ids[1]'));
    expect(await refusalOf(order([a, b, a]))).toEqual(refusedField('ids[2]'));

    await remove(c);
    await remove(c);
    expect(await refusalOf(image(c))).toEqual({ code: 'not_found' });
    const left = await catalog.getProduct(product.slug);
    expect([left.images.map(({ id }) => id), left.tags, left.version]).toEqual([[a, b], ['a', 'b'], 1]);
  });

  it('can be ordered and removed at the same time', async () => {
    const ids = await addRows(100);
    for (const id of ids.slice(0, 50)) await Promise.all([remove(id), order([])]);
    expect((await order([])).items.map(({ id }) => id).sort()).toEqual(ids.slice(50).sort());
    await forgetImages();
  });

  it('come first in the queue when they are the first of their product, and last when they are processed again', async () => {
    const [old, further, first] = ['old', 'further', 'first'].map((name) => `${bytes} ${name}`) as [
      string,
      string,
      string,
    ];
    const [oldProduct, newest] = [await newProduct(catalog.rpc), await newProduct(catalog.rpc)];
    await addBytes(old, oldProduct.id);
    await setup.work(catalog.rpc, hashOf(old));
    await setup.emptyQueue();

    await setup.database.query(`update pictures set status = 'waiting', steps = '{}' where hash = $1`, [hashOf(old)]);
    await addBytes(old, oldProduct.id);
    await addBytes(bytes);
    await addBytes(further);
    await addBytes(first, newest.id);
    expect((await setup.queued()).sort()).toEqual([old, bytes, further, first].map(hashOf).sort());
    const taken = await takenInOrder();
    expect(taken.slice(2)).toEqual([hashOf(further), hashOf(old)]);
  });
});

/** Adds rows of images without files; returns their ids. */
async function addRows(count: number): Promise<string[]> {
  const rows = await setup.database.query<{ id: string }>(
    `with made as (
       insert into pictures (hash, type, bytes) select $1 || i, 'image/png', 1 from generate_series(1, $3::integer) i returning hash
     )
     insert into images (id, product_id, picture, position) select gen_random_uuid(), $2, hash, 0 from made returning id`,
    [bytes, product.id, count],
  );
  return rows.map(({ id }) => id);
}

async function forgetImages(): Promise<void> {
  await setup.database.query('delete from images where product_id = $1', [product.id]);
  await setup.database.query(`delete from pictures where hash like $1`, [`${bytes}%`]);
}

/** The order in which a worker receives the jobs. */
async function takenInOrder(): Promise<string[]> {
  const { Worker } = await import('bullmq');
  const taken: string[] = [];
  const worker = new Worker<{ payload: { hash: string } }>(
    'image-worker',
    (job) => Promise.resolve(void taken.push(job.data.payload.hash)),
    { connection: setup.redis.duplicate({ maxRetriesPerRequest: null }), prefix: '{image-worker}' },
  );
  await eventually(() => expect(taken.length).toBe(4));
  await worker.close();
  return taken;
}
