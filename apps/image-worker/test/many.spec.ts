// Two hundred images, processed by workers that come and go.
import { ImageStep } from '@shop/contracts/images';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { jpeg } from './images.js';
import { doneSteps, hashOf, openWorkshop, stepsTaken, type Workshop } from './worker-under-test.js';

const IMAGES = 200;
const WORKERS = 3;
const DEADLINE_MS = 440_000;

let shop: Workshop;
const originals: Buffer[] = [];

beforeAll(async () => {
  shop = await openWorkshop();
  // Sequentially and in advance, because this process is also the workers' proxy to Redis.
  for (let i = 0; i < IMAGES; i++) originals.push(await jpeg(330, 250, 1000 + i));
});
afterAll(() => shop?.close());

test(
  '200 uploads are each processed once by 3 workers that come and go, and leave no other files',
  { timeout: 500_000 },
  async () => {
    let over = false;
    /** One worker after the other, every second one killed; each completes some steps, so no image counts as the cause. */
    const place = async (n: number) => {
      for (let turn = n; !over; turn++) {
        const worker = await shop.startWorker({ IMAGE_CONCURRENCY: '1' });
        const life = 15 + ((turn * 7919) % 20);
        const isOld = async () => over || (await stepsTaken(worker)) >= life;
        await vi.waitFor(async () => expect(await isOld()).toBe(true), { timeout: DEADLINE_MS, interval: 50 });
        await worker.stop(turn % 2 ? 'SIGKILL' : 'SIGTERM');
      }
    };
    const workers = Array.from({ length: WORKERS }, (_, n) => place(n));

    const products = await Promise.all(Array.from({ length: 20 }, (_, i) => shop.newProduct(`Vase ${i}`)));
    // A few at a time: an upload that reaches PICTURE_FILES_KEPT_SECONDS before the catalog takes it over is swept.
    const uploads: { hash: string; id: string }[] = [];
    for (let i = 0; i < IMAGES; i += products.length) {
      const some = originals.slice(i, i + products.length).map(async (bytes, n) => {
        const id = await shop.upload(bytes, 'image/jpeg', products[n]!.id);
        return { hash: hashOf(bytes), id };
      });
      uploads.push(...(await Promise.all(some)));
    }
    const states = () =>
      shop.database.query<{ status: string; reason: string | null; images: number }>(
        'select status, reason, count(*)::integer as images from pictures group by status, reason',
      );
    const isOver = (rows: Awaited<ReturnType<typeof states>>) =>
      rows.some(({ status }) => status === 'failed') || rows.every(({ status }) => status === 'ready');
    await expect.poll(states, { timeout: DEADLINE_MS, interval: 500 }).toSatisfy(isOver);
    over = true;
    expect(await states()).toEqual([{ status: 'ready', reason: null, images: IMAGES }]);
    await Promise.all(workers);

    const images = await Promise.all(uploads.map(async ({ hash, id }) => ({ hash, image: await shop.image(id) })));
    for (const { image } of images) expect([image.status, doneSteps(image)]).toEqual(['ready', ImageStep.options]);
    const [{ count }] = (await shop.database.query('select count(*)::integer as count from images')) as [
      { count: number },
    ];
    expect(count).toBe(IMAGES);
    await shop.hasTheseFiles(images);
  },
);
