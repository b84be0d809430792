// Two hundred pictures, and workers that come and go as they like.
import { ImageStep } from '@shop/contracts/images';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { jpeg } from './pictures.js';
import type { ServiceProcess } from '@shop/kit/testing/processes';
import { doneSteps, hashOf, openWorkshop, type Workshop } from './worker-under-test.js';

const PICTURES = 200;
const WORKERS = 3;

let shop: Workshop;

beforeAll(async () => {
  shop = await openWorkshop();
});
afterAll(() => shop?.close());

test(
  '200 uploads with 3 workers coming and going: each is ready, once, and there is no file too many',
  { timeout: 500_000 },
  async () => {
    let over = false;
    /** One worker after the other, every second one of them killed. */
    const place = async (n: number) => {
      for (let turn = n; !over; turn++) {
        const worker: ServiceProcess = await shop.startWorker({ IMAGE_CONCURRENCY: '1' });
        const life = 2500 + ((turn * 7919) % 2500);
        await new Promise((resolve) => setTimeout(resolve, life));
        await worker.stop(turn % 2 ? 'SIGKILL' : 'SIGTERM');
      }
    };
    const workers = Array.from({ length: WORKERS }, (_, n) => place(n));

    const products = await Promise.all(Array.from({ length: 20 }, (_, i) => shop.newProduct(`Vase ${i}`)));
    const uploads = await Promise.all(
      Array.from({ length: PICTURES }, async (_, i) => {
        const bytes = await jpeg(330, 250, 1000 + i);
        return { hash: hashOf(bytes), id: await shop.upload(bytes, 'image/jpeg', products[i % products.length]!.id) };
      }),
    );
    const unfinished = () =>
      shop.database.query<{ n: number }>(`select count(*)::integer as n from pictures where status <> 'ready'`);
    await expect.poll(async () => (await unfinished())[0]!.n, { timeout: 440_000, interval: 500 }).toBe(0);
    over = true;
    await Promise.all(workers);

    const images = await Promise.all(uploads.map(async ({ hash, id }) => ({ hash, image: await shop.image(id) })));
    for (const { image } of images) expect([image.status, doneSteps(image)]).toEqual(['ready', ImageStep.options]);
    const [rows] = await shop.database.query<{ images: number; pictures: number }>(
      `select (select count(*)::integer from images) as images, (select count(*)::integer from pictures) as pictures`,
    );
    expect(rows).toEqual({ images: PICTURES, pictures: PICTURES });
    await shop.hasTheseFiles(images);
  },
);
