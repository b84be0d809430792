// What becomes of files that nobody needs, and that all others stay.
import { randomUUID } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { catalogRpc } from '@shop/contracts/catalog';
import { mediaFolder, originalKey } from '@shop/contracts/images';
import { findS3, type S3Server } from '@shop/kit/testing/s3';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { AppError } from '@shop/kit/errors';
import { eventually, type Catalog } from './catalog-under-test.js';
import { hashOf, newProduct, openPictures, type Pictures } from './images-under-test.js';

const s3 = findS3();
if ('missing' in s3) console.warn(`Skipped: files are not swept on S3, because ${s3.missing}.`);

const SWEPT = { CATALOG_SWEEP_SECONDS: '0.1', PICTURE_RETRY_SECONDS: '0.3' };

describe.each(['folder', 's3'] as const)('files in a %s', (kind) => {
  describe.skipIf(kind === 's3' && 'missing' in s3)('', () => {
    let server: S3Server | undefined;
    let pictures: Pictures;
    let product: string;
    let bytes: string;
    let hash: string;

    beforeAll(async () => {
      server = kind === 's3' && 'start' in s3 ? await s3.start() : undefined;
      pictures = await openPictures(server);
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
    afterAll(async () => {
      await pictures.close();
      await server?.stop();
    });

    const addTo = async ({ rpc }: Catalog, some = bytes) =>
      rpc.call(catalogRpc.addImage, { product, upload: await pictures.upload(some) });

    it('of a picture that no image shows are removed after a while, and then there is no work for it', async () => {
      const catalog = await pictures.start({ ...SWEPT, PICTURE_FILES_KEPT_SECONDS: '1' });
      const other = (await newProduct(catalog.rpc)).id;
      const first = await addTo(catalog);
      await pictures.work(catalog.rpc, hash);
      const second = await catalog.rpc.call(catalogRpc.addImage, {
        ...{ product: other, upload: await pictures.upload(bytes) },
      });
      const stays = hashOf(`${bytes} stays`);
      await addTo(catalog, `${bytes} stays`);
      await pictures.work(catalog.rpc, stays);
      // Left by a worker that died before it could tell.
      await pictures.write(`${mediaFolder(hash)}/0000000000000000.avif`, 'untold');

      await catalog.rpc.call(catalogRpc.removeImage, { id: first.id });
      expect((await catalog.getProduct(other)).images.map(({ id }) => id)).toEqual([second.id]);
      await catalog.rpc.call(catalogRpc.removeImage, { id: second.id });
      expect(await pictures.has(originalKey(hash))).toBe(true);
      await eventually(async () => expect(await pictures.has(originalKey(hash))).toBe(false));
      await eventually(async () => {
        const rows = await pictures.database.query<{ hash: string }>('select hash from pictures');
        expect(rows).toEqual([{ hash: stays }]);
      });
      expect((await pictures.files()).filter((key) => !key.includes(stays.slice(0, 16)))).toEqual([]);
      expect((await pictures.files()).length).toBe(4);
      expect(await catalog.rpc.call(catalogRpc.beginPicture, { hash })).toEqual({ work: null });
    });

    it('of a removal that was cut off are removed by the next', async () => {
      const catalog = await pictures.start();
      const { id } = await addTo(catalog);
      await catalog.rpc.call(catalogRpc.removeImage, { id });
      await rm(join(pictures.folder, originalKey(hash)));
      await pictures.start({ ...SWEPT, PICTURE_FILES_KEPT_SECONDS: '0' });
      await eventually(async () => expect(await pictures.database.query('select from pictures')).toEqual([]));
      expect((await pictures.files()).filter((key) => key.includes(hash.slice(0, 16)))).toEqual([]);
    });

    it('that nobody took over are removed, but not those that a picture is to be made of', async () => {
      const [forgotten, wanted] = [await pictures.upload('forgotten'), await pictures.upload(bytes)];
      await pictures.database.query(
        `insert into pictures (hash, type, bytes, upload, touched_at) values ($1, 'image/png', 9, $2, 'infinity')`,
        [hash, wanted.key],
      );
      await pictures.start({ CATALOG_SWEEP_SECONDS: '0.1', PICTURE_FILES_KEPT_SECONDS: '1' });
      expect(await pictures.has(forgotten.key)).toBe(true);
      await eventually(async () => expect(await pictures.has(forgotten.key)).toBe(false));
      expect(await pictures.has(wanted.key)).toBe(true);
    });

    it('are there for every image that is shown, however its adding and removing crossed the sweeps, and no others', async () => {
      const greedy = { CATALOG_SWEEP_SECONDS: '0.1', PICTURE_FILES_KEPT_SECONDS: '0', DATABASE_POOL_SIZE: '10' };
      const replicas = [await pictures.start(greedy), await pictures.start(greedy)] as const;
      const texts = ['a', 'b', 'c'].map((name) => `${bytes} ${name}`);
      const wrong: unknown[] = [];
      const churn = async (i: number) => {
        const { rpc } = replicas[i % 2]!;
        for (let round = 0; round < 25; round++) {
          const text = texts[(i + round) % texts.length]!;
          // Another churn may remove it before it could be answered.
          const added = await rpc
            .call(catalogRpc.addImage, { product, upload: await pictures.upload(text) })
            .catch((error: AppError) => void (error.code === 'not_found' || wrong.push(error)));
          if (added && round % 3 !== 0) await rpc.call(catalogRpc.removeImage, { id: added.id });
        }
      };
      await Promise.all(Array.from({ length: 6 }, (_, i) => churn(i)));
      expect(wrong).toEqual([]);
      await eventually(async () => {
        const rows = await pictures.database.query<{ hash: string; shown: boolean; status: string }>(
          'select hash, status, exists (select from images where picture = hash) as shown from pictures',
        );
        expect(rows.every(({ shown }) => shown)).toBe(true);
        const living = rows.filter(({ status }) => status !== 'failed');
        const files = (await pictures.files()).filter((key) => !key.startsWith('uploads/'));
        expect(files).toEqual(living.map((row) => originalKey(row.hash)).sort());
      });
    });
  });
});
