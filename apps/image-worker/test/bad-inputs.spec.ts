// Every upload becomes ready, or fails with a reason, and the worker keeps running.
import { readFileSync } from 'node:fs';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { getPriority } from 'node:os';
import { join } from 'node:path';
import { ImageStep } from '@shop/contracts/images';
import { defineJobs } from '@shop/contracts/jobs';
import type { ServiceProcess } from '@shop/kit/testing/processes';
import { afterAll, beforeAll, expect, test } from 'vitest';
import * as z from 'zod';
import { animated, badInputs, demoImage, halves, jpeg, photo } from './images.js';
import { childrenOf } from './processes.js';
import { doneSteps, hashOf, openWorkshop, type Workshop } from './worker-under-test.js';

/** The lock outlasts every delay of a busy machine, so each step is taken once. */
const own = { IMAGE_CONCURRENCY: '2', QUEUE_LOCK_MS: '30000' };

let shop: Workshop;
let worker: ServiceProcess;

beforeAll(async () => {
  shop = await openWorkshop();
  worker = await shop.startWorker(own);
});
afterAll(() => shop?.close());

test('bad files fail with a reason that staff can read, good ones become ready, and no other files are left', async () => {
  const bad = Object.entries(await badInputs());
  const good = [
    await jpeg(3000, 2000),
    await (await halves('#ff0000', '#ffffff')).toColourspace('cmyk').jpeg().toBuffer(),
    await (await halves('#ff8000', '#0000ff')).toColourspace('rgb16').png().toBuffer(),
    await (await halves('#00aa00', '#000000')).withMetadata({ orientation: 6 }).jpeg().toBuffer(),
    await animated(),
    await photo(700, 500).avif({ effort: 0 }).toBuffer(),
  ];
  const failing = await Promise.all(bad.map(([, { bytes }]) => shop.upload(bytes, 'image/png')));
  const working = await Promise.all(good.map((bytes) => shop.upload(bytes, 'image/jpeg')));

  for (const [i, [, { reason }]] of bad.entries()) {
    const image = await shop.become(failing[i]!, 'failed', 60_000);
    expect(image.reason).toMatch(reason);
    expect([doneSteps(image), image.variants]).toEqual([[], []]);
  }
  for (const id of working) expect(doneSteps(await shop.become(id, 'ready', 60_000))).toEqual(ImageStep.options);

  await expect.poll(() => shop.queues.depth('image-worker')).toBe(0);
  expect(worker.isRunning()).toBe(true);
  const images = await Promise.all([...failing, ...working].map((id) => shop.image(id)));
  const bytes = [...bad.map(([, input]) => input.bytes), ...good];
  await shop.hasTheseFiles(images.map((image, i) => ({ image, hash: hashOf(bytes[i]!) })));
});

test('the worker keeps answering while images are processed, in child processes of a lower priority', async () => {
  const ids = await Promise.all([11, 12, 13, 14].map(async (seed) => shop.upload(await jpeg(2600, 2600, seed))));
  let mostChildren = 0;
  const watch = async () => {
    mostChildren = Math.max(mostChildren, childrenOf(worker.pid).length);
    const signal = AbortSignal.timeout(5000);
    expect((await fetch(`${worker.opsUrl}/livez`, { signal })).status).toBe(200);
    return (await shop.image(ids.at(-1)!)).status;
  };
  await expect.poll(watch, { interval: 10, timeout: 60_000 }).toBe('ready');
  for (const id of ids) await shop.become(id, 'ready');
  expect(mostChildren).toBe(2);
  const loads = (pid: number) => readFileSync(`/proc/${pid}/maps`, 'utf8').includes('libvips');
  expect(loads(worker.pid)).toBe(false);
  const children = childrenOf(worker.pid);
  expect(children.map(loads)).toEqual(children.map(() => true));
  expect(children.map((pid) => getPriority(pid))).toEqual(children.map(() => 10));
  expect(children.length).toBeGreaterThan(0);
  const metrics = await (await fetch(`${worker.opsUrl}/metrics`)).text();
  const ready = await shop.database.query(`select from pictures where status = 'ready'`);
  for (const step of ImageStep.options)
    expect(metrics).toContain(`picture_step_seconds_count{step="${step}"} ${ready.length}\n`);
});

test('an image fails when its original is gone', async () => {
  const bytes = await jpeg(300, 300, 21);
  await worker.stop();
  const id = await shop.upload(bytes);
  await rm(join(shop.folder, 'originals', hashOf(bytes)));
  worker = await shop.startWorker(own);
  expect((await shop.become(id, 'failed')).reason).toBe('Its original is gone');
});

const failures = () => worker.log.filter(({ msg }) => msg === 'job failed').length;
/** Images with attempts that count against them. */
const blamed = () => shop.database.query(`select from pictures where status = 'working' and attempts <> '{}'`);

test('an image waits while its original cannot be read, and then becomes ready', async () => {
  const bytes = await jpeg(300, 300, 22);
  await worker.stop();
  const id = await shop.upload(bytes);
  const original = join(shop.folder, 'originals', hashOf(bytes));
  await rename(original, `${original}-away`);
  await mkdir(original); // a folder, which not even root can read as a file
  worker = await shop.startWorker(own);
  await expect.poll(failures, { timeout: 20_000 }).toBeGreaterThanOrEqual(2);
  await expect.poll(blamed).toEqual([]);
  expect((await shop.image(id)).status).toBe('working');
  await rm(original, { recursive: true });
  await rename(`${original}-away`, original);
  await shop.become(id, 'ready');
});

test('images wait while nothing can be stored, and then become ready', async () => {
  // A file in place of the folder, where not even root can write.
  await rename(join(shop.folder, 'media'), join(shop.folder, 'media-away'));
  await writeFile(join(shop.folder, 'media'), '');
  const id = await shop.upload(await jpeg(300, 300, 31));
  const before = failures();
  await expect.poll(() => failures() - before, { timeout: 20_000 }).toBeGreaterThanOrEqual(2);
  expect(doneSteps(await shop.image(id))).toEqual(['decode']);
  // These attempts do not count against the image.
  await expect.poll(blamed).toEqual([]);
  await rm(join(shop.folder, 'media'));
  await rename(join(shop.folder, 'media-away'), join(shop.folder, 'media'));
  await shop.become(id, 'ready');
});

test('a job that only another version knows is handed back, and images are processed meanwhile', async () => {
  // Versions before this one drew the images of the demo shop in this queue.
  const { drawPicture } = defineJobs('image-worker', { drawPicture: { payload: z.object({ productId: z.string() }) } });
  const product = await shop.newProduct('Weekender, Navy Twill');
  await shop.queues.add(drawPicture, { productId: product.id }, { id: product.id });
  await expect.poll(() => worker.log.some(({ msg }) => msg === 'job handed back')).toBe(true);

  const id = await shop.upload(await demoImage('weekender-navy-twill'), 'image/webp', product.id);
  const { variants, tags } = await shop.become(id, 'ready');
  expect(variants).toHaveLength(11);
  expect(tags).toContain('navy');
  expect(worker.isRunning()).toBe(true);
  expect(await shop.queues.depth('image-worker')).toBe(1);
});
