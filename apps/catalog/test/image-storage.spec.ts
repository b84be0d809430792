// Unneeded files are removed, and all others stay.
import { randomUUID } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { catalogRpc } from '@shop/contracts/catalog';
import { mediaFolder, originalKey } from '@shop/contracts/images';
import { findS3, type S3Server } from '@shop/kit/testing/s3';
import type { AppError } from '@shop/rpc/errors';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { eventually, type Catalog } from './catalog-under-test.js';
import { hashOf, newProduct, openSetup, type Setup } from './images-under-test.js';

const s3 = findS3();
if ('missing' in s3) console.warn(`Skipped: files are not swept on S3, because ${s3.missing}.`);

const SWEPT = { CATALOG_SWEEP_SECONDS: '0.1', PICTURE_RETRY_SECONDS: '0.3' };

describe.each(['folder', 's3'] as const)('files in a %s', (kind) => {
  describe.skipIf(kind === 's3' && 'missing' in s3)('', () => {
    let server: S3Server | undefined;
    let setup: Setup;
    let product: string;
    let bytes: string;
    let hash: string;

    beforeAll(async () => {
      server = kind === 's3' && 'start' in s3 ? await s3.start() : undefined;
      setup = await openSetup(server);
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
    afterAll(async () => {
      await setup.close();
      await server?.stop();
    });

    const addTo = async ({ rpc }: Catalog, some = bytes) =>
      rpc.call(catalogRpc.addImage, { product, upload: await setup.upload(some) });

    it('that no product shows are removed after a while, and no work is left for them', async () => {
      const catalog = await setup.start({ ...SWEPT, PICTURE_FILES_KEPT_SECONDS: '1' });
      const other = (await newProduct(catalog.rpc)).id;
      const first = await addTo(catalog);
      await setup.work(catalog.rpc, hash);
      const second = await catalog.rpc.call(catalogRpc.addImage, {
        ...{ product: other, upload: await setup.upload(bytes) },
      });
      const stays = hashOf(`${bytes} stays`);
      await addTo(catalog, `${bytes} stays`);
      await setup.work(catalog.rpc, stays);
      // Left by a worker that died before it reported the step.
      await setup.write(`${mediaFolder(hash)}/0000000000000000.avif`, 'unreported');

      await catalog.rpc.call(catalogRpc.removeImage, { id: first.id });
      expect((await catalog.getProduct(other)).images.map(({ id }) => id)).toEqual([second.id]);
      await catalog.rpc.call(catalogRpc.removeImage, { id: second.id });
      expect(await setup.has(originalKey(hash))).toBe(true);
      await eventually(async () => expect(await setup.has(originalKey(hash))).toBe(false));
      await eventually(async () => {
        const rows = await setup.database.query<{ hash: string }>('select hash from pictures');
        expect(rows).toEqual([{ hash: stays }]);
      });
      expect((await setup.files()).filter((key) => !key.includes(stays.slice(0, 16)))).toEqual([]);
      expect((await setup.files()).length).toBe(4);
      expect(await catalog.rpc.call(catalogRpc.beginPicture, { hash })).toEqual({ work: null });
    });

    it('of an interrupted removal are removed by the next sweep', async () => {
      const catalog = await setup.start();
      const { id } = await addTo(catalog);
      await catalog.rpc.call(catalogRpc.removeImage, { id });
      await rm(join(setup.folder, originalKey(hash)));
      await setup.start({ ...SWEPT, PICTURE_FILES_KEPT_SECONDS: '0' });
      await eventually(async () => expect(await setup.database.query('select from pictures')).toEqual([]));
      expect((await setup.files()).filter((key) => key.includes(hash.slice(0, 16)))).toEqual([]);
    });

    it('that were uploaded and not taken over are removed, but not those that a row names', async () => {
      const [forgotten, wanted] = [await setup.upload('forgotten'), await setup.upload(bytes)];
      await setup.database.query(
        `insert into pictures (hash, type, bytes, upload, touched_at) values ($1, 'image/png', 9, $2, 'infinity')`,
        [hash, wanted.key],
      );
      await setup.start({ CATALOG_SWEEP_SECONDS: '0.1', PICTURE_FILES_KEPT_SECONDS: '1' });
      expect(await setup.has(forgotten.key)).toBe(true);
      await eventually(async () => expect(await setup.has(forgotten.key)).toBe(false));
      expect(await setup.has(wanted.key)).toBe(true);
    });

    it('exist for exactly the images that are shown, after adding and removing images beside sweeps', async () => {
      const greedy = { CATALOG_SWEEP_SECONDS: '0.1', PICTURE_FILES_KEPT_SECONDS: '0', DATABASE_POOL_SIZE: '10' };
      const replicas = [await setup.start(greedy), await setup.start(greedy)] as const;
      const texts = ['a', 'b', 'c'].map((name) => `${bytes} ${name}`);
      const wrong: unknown[] = [];
      const churn = async (i: number) => {
        const { rpc } = replicas[i % 2]!;
        for (let round = 0; round < 25; round++) {
          const text = texts[(i + round) % texts.length]!;
          // Another loop may remove the image before the call returns.
          const added = await rpc
            .call(catalogRpc.addImage, { product, upload: await setup.upload(text) })
            .catch((error: AppError) => void (error.code === 'not_found' || wrong.push(error)));
          if (added && round % 3 !== 0) await rpc.call(catalogRpc.removeImage, { id: added.id });
        }
      };
      await Promise.all(Array.from({ length: 6 }, (_, i) => churn(i)));
      expect(wrong).toEqual([]);
      await eventually(async () => {
        const rows = await setup.database.query<{ hash: string; shown: boolean; status: string }>(
          'select hash, status, exists (select from images where picture = hash) as shown from pictures',
        );
        expect(rows.every(({ shown }) => shown)).toBe(true);
        const living = rows.filter(({ status }) => status !== 'failed');
        const files = (await setup.files()).filter((key) => !key.startsWith('uploads/'));
        expect(files).toEqual(living.map((row) => originalKey(row.hash)).sort());
      });
    });
  });
});
