// Whoever dies at whatever moment, a picture is neither lost nor made twice.
import { ImageStep, imageWorkerJobs } from '@shop/contracts/images';
import { catalogRpc } from '@shop/contracts/catalog';
import type { ServiceProcess } from '@shop/kit/testing/processes';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { jpeg } from './pictures.js';
import { childrenOf, titleOf } from './processes.js';
import { doneSteps, hashOf, openWorkshop, stepsTaken, type Workshop } from './worker-under-test.js';

let shop: Workshop;
let seed = 100;

beforeAll(async () => {
  shop = await openWorkshop();
});
afterAll(() => shop?.close());

/** A picture that nobody has seen, and its image. */
async function upload(side = 900) {
  const bytes = await jpeg(side, side, seed++);
  return { hash: hashOf(bytes), id: await shop.upload(bytes) };
}

describe('the worker is killed', () => {
  const points = ImageStep.options.flatMap((step) => [`before-ticking-${step}`, `after-ticking-${step}`]);

  test.each(points)('%s: another takes the steps that are left', async (point) => {
    const { id } = await upload();
    const dying = await shop.startWorker({ CRASH_AT: `image-worker.picture.${point}` });
    await dying.exited;
    const before = await shop.image(id);
    const [when, , step] = point.split('-') as [string, string, ImageStep];
    const last = ImageStep.options.indexOf(step) + (when === 'after' ? 1 : 0);
    expect(doneSteps(before)).toEqual(ImageStep.options.slice(0, last));

    const next = await shop.startWorker();
    const after = await shop.become(id, 'ready');
    // What was done is not done again.
    expect(after.steps.slice(0, last)).toEqual(before.steps.slice(0, last));
    await expect.poll(() => shop.queues.depth('image-worker'), { timeout: 10_000 }).toBe(0);
    await next.stop();
  });
});

test('a picture over which one worker after the other dies fails in the end, and others are processed', async () => {
  const { id } = await upload();
  for (let i = 0; i < 5; i++) {
    const dying = await shop.startWorker({ CRASH_AT: 'image-worker.picture.after-beginning' });
    await dying.exited;
    expect((await shop.image(id)).status).toBe('working');
  }
  const worker = await shop.startWorker();
  expect((await shop.become(id, 'failed')).reason).toMatch(/broke off 5 times/);
  await shop.become((await upload()).id, 'ready');
  await worker.stop();
});

describe('with one worker', () => {
  let worker: ServiceProcess;
  beforeEach(async () => {
    worker = await shop.startWorker({ IMAGE_CONCURRENCY: '1' });
  });
  afterEach(() => worker.stop('SIGKILL'));

  /** The child that works, in the middle of it. */
  const killChild = async () => {
    const child = await vi.waitFor(
      () => {
        const busy = childrenOf(worker.pid).find((pid) => titleOf(pid) === 'image-worker: takeSteps');
        if (busy === undefined) throw new Error('no child is at work yet');
        return busy;
      },
      { timeout: 10_000, interval: 5 },
    );
    process.kill(child, 'SIGKILL');
    await expect.poll(() => childrenOf(worker.pid), { interval: 5 }).not.toContain(child);
  };

  test('the process that works on a picture is killed: the worker starts another', async () => {
    const { id } = await upload(2500);
    await killChild();
    await shop.become(id, 'ready');
    expect(worker.isRunning()).toBe(true);
  });

  test('a picture that kills its process three times fails, and the next one is processed', async () => {
    const { id } = await upload(2500);
    for (let i = 0; i < 3; i++) await killChild();
    expect((await shop.become(id, 'failed')).reason).toMatch(/failed 3 times/);
    await shop.become((await upload()).id, 'ready');
    expect(worker.isRunning()).toBe(true);
  });

  test('a worker that is told to stop hands its picture back at once, to be finished by another', async () => {
    await worker.stop();
    // Whoever waits for the lock to end waits for half a minute.
    const patient = { QUEUE_LOCK_MS: '30000', SHUTDOWN_GRACE_MS: '60000' };
    worker = await shop.startWorker({ IMAGE_CONCURRENCY: '1', ...patient });
    const { id } = await upload(2500);
    await expect.poll(async () => doneSteps(await shop.image(id)), { interval: 5, timeout: 10_000 }).not.toEqual([]);
    const children = childrenOf(worker.pid);
    const startedAt = performance.now();
    await worker.stop('SIGTERM');
    expect(performance.now() - startedAt).toBeLessThan(30_000);
    for (const child of children) expect(() => process.kill(child, 0)).toThrow(); // gone as well
    expect(await shop.queues.depth('image-worker')).toBeGreaterThan(0);
    worker = await shop.startWorker({ QUEUE_LOCK_MS: '30000' });
    await shop.become(id, 'ready', 20_000);
  });

  test('the image of a picture that is worked on is removed: nothing is left of it', async () => {
    const { id, hash } = await upload(2500);
    await expect.poll(async () => doneSteps(await shop.image(id)), { interval: 5, timeout: 10_000 }).not.toEqual([]);
    await shop.rpc.call(catalogRpc.removeImage, { id });
    const left = () => shop.database.query('select from pictures where hash = $1', [hash]);
    await expect.poll(left, { timeout: 20_000 }).toEqual([]);
    expect((await shop.files()).filter((key) => key.includes(hash.slice(0, 16)))).toEqual([]);
    await expect.poll(() => shop.queues.depth('image-worker'), { timeout: 20_000 }).toBe(0);
    expect(worker.isRunning()).toBe(true);
  });

  test('its children go with it when it is killed', async () => {
    await upload(2500);
    const children = await vi.waitFor(() => {
      const now = childrenOf(worker.pid);
      if (now.length === 0) throw new Error('no child yet');
      return now;
    });
    await worker.stop('SIGKILL');
    for (const child of children) await expect.poll(() => isAlive(child), { timeout: 10_000 }).toBe(false);
  });

  test('the catalog is killed and comes back', async () => {
    const ids = [await upload(), await upload()].map(({ id }) => id);
    await shop.restartCatalog();
    ids.push((await upload()).id);
    for (const id of ids) await shop.become(id, 'ready', 60_000);
  });

  test('Redis goes away and comes back, with its queues or empty', async () => {
    const ids: string[] = [];
    for (const loses of [false, true]) {
      for (let i = 0; i < 4; i++) ids.push((await upload()).id);
      await shop.toRedis.cut();
      ids.push((await upload()).id); // without a queue it is the sweep that finds it
      if (loses) await shop.redis.flushdb();
      await shop.toRedis.mend();
    }
    for (const id of ids) await shop.become(id, 'ready', 60_000);
    expect(worker.isRunning()).toBe(true);
  });
});

test('of two workers that get the same picture at the same time, the first to end a step is the one that counts', async () => {
  const workers = await Promise.all([1, 2].map(() => shop.startWorker({ IMAGE_CONCURRENCY: '2' })));
  const bytes = await jpeg(1500, 1500, seed++);
  const hash = hashOf(bytes);
  const id = await shop.upload(bytes);
  // Under other ids, so that the queue does not see that it is the same.
  for (const i of [1, 2, 3]) await shop.queues.add(imageWorkerJobs.processPicture, { hash }, { id: `${hash}-${i}` });
  const image = await shop.become(id, 'ready');
  await expect.poll(() => shop.queues.depth('image-worker'), { timeout: 10_000 }).toBe(0);
  const steps = ImageStep.options.length;
  const taken = await Promise.all(workers.map(stepsTaken));
  expect(taken[0]! + taken[1]!).toBeGreaterThan(steps); // so some of it was made more than once
  expect(await shop.image(id)).toEqual(image);
  await Promise.all(workers.map((worker) => worker.stop()));
});

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
