// Two hundred pictures, and workers that come and go as they like.
import { ImageStep } from '@shop/contracts/images';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { jpeg } from './pictures.js';
import { doneSteps, hashOf, openWorkshop, stepsTaken, type Workshop } from './worker-under-test.js';

const PICTURES = 200;
const WORKERS = 3;
const DEADLINE_MS = 440_000;

let shop: Workshop;
const drawn: Buffer[] = [];

beforeAll(async () => {
  shop = await openWorkshop();
  // One after the other and beforehand: this process is also the workers' way to Redis.
  for (let i = 0; i < PICTURES; i++) drawn.push(await jpeg(330, 250, 1000 + i));
});
afterAll(() => shop?.close());

test(
  '200 uploads with 3 workers coming and going: each is ready, once, and there is no file too many',
  { timeout: 500_000 },
  async () => {
    let over = false;
    /** One worker after the other, every second one of them killed; each gets somewhere, so no picture is to blame. */
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
    // A few at a time: an upload that is older than PICTURE_FILES_KEPT_SECONDS before the catalog hears of it is swept.
    const uploads: { hash: string; id: string }[] = [];
    for (let i = 0; i < PICTURES; i += products.length) {
      const some = drawn.slice(i, i + products.length).map(async (bytes, n) => {
        const id = await shop.upload(bytes, 'image/jpeg', products[n]!.id);
        return { hash: hashOf(bytes), id };
      });
      uploads.push(...(await Promise.all(some)));
    }
    const states = () =>
      shop.database.query<{ status: string; reason: string | null; pictures: number }>(
        'select status, reason, count(*)::integer as pictures from pictures group by status, reason',
      );
    const isOver = (rows: Awaited<ReturnType<typeof states>>) =>
      rows.some(({ status }) => status === 'failed') || rows.every(({ status }) => status === 'ready');
    await expect.poll(states, { timeout: DEADLINE_MS, interval: 500 }).toSatisfy(isOver);
    over = true;
    expect(await states()).toEqual([{ status: 'ready', reason: null, pictures: PICTURES }]);
    await Promise.all(workers);

    const images = await Promise.all(uploads.map(async ({ hash, id }) => ({ hash, image: await shop.image(id) })));
    for (const { image } of images) expect([image.status, doneSteps(image)]).toEqual(['ready', ImageStep.options]);
    const [{ count }] = (await shop.database.query('select count(*)::integer as count from images')) as [
      { count: number },
    ];
    expect(count).toBe(PICTURES);
    await shop.hasTheseFiles(images);
  },
);
