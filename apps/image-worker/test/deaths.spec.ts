// No image is lost or processed twice, whichever process dies at whatever moment.
import { ImageStep, imageWorkerJobs } from '@shop/contracts/images';
import { catalogRpc } from '@shop/contracts/catalog';
import type { ServiceProcess } from '@shop/kit/testing/processes';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { jpeg } from './images.js';
import { childrenOf, titleOf } from './processes.js';
import { doneSteps, hashOf, openWorkshop, stepsTaken, type Workshop } from './worker-under-test.js';

let shop: Workshop;
let seed = 100;

beforeAll(async () => {
  shop = await openWorkshop();
});
afterAll(() => shop?.close());

/** Uploads new bytes. */
async function upload(side = 900) {
  const bytes = await jpeg(side, side, seed++);
  return { hash: hashOf(bytes), id: await shop.upload(bytes) };
}

describe('when the worker is killed', () => {
  const points = ImageStep.options.flatMap((step) => [`before-reporting-${step}`, `after-reporting-${step}`]);

  test.each(points)('%s, another worker takes the remaining steps', async (point) => {
    const { id } = await upload();
    const dying = await shop.startWorker({ FAIL_POINT: `image-worker.image.${point}` });
    await dying.exited;
    const before = await shop.image(id);
    const [when, , step] = point.split('-') as [string, string, ImageStep];
    const last = ImageStep.options.indexOf(step) + (when === 'after' ? 1 : 0);
    expect(doneSteps(before)).toEqual(ImageStep.options.slice(0, last));

    const next = await shop.startWorker();
    const after = await shop.become(id, 'ready');
    // Completed steps are not repeated.
    expect(after.steps.slice(0, last)).toEqual(before.steps.slice(0, last));
    await expect.poll(() => shop.queues.depth('image-worker'), { timeout: 10_000 }).toBe(0);
    await next.stop();
  });
});

test('an image that ends five workers fails, and others are processed', async () => {
  const { id } = await upload();
  for (let i = 0; i < 5; i++) {
    const dying = await shop.startWorker({ FAIL_POINT: 'image-worker.image.after-beginning' });
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

  test('the worker starts another child process when one is killed', async () => {
    const { id } = await upload(2500);
    await killChild();
    await shop.become(id, 'ready');
    expect(worker.isRunning()).toBe(true);
  });

  test('an image whose child process dies three times fails, and the next image is processed', async () => {
    const { id } = await upload(2500);
    for (let i = 0; i < 3; i++) await killChild();
    expect((await shop.become(id, 'failed')).reason).toMatch(/failed 3 times/);
    await shop.become((await upload()).id, 'ready');
    expect(worker.isRunning()).toBe(true);
  });

  test('a worker that is stopped hands its image back at once, and another finishes it', async () => {
    await worker.stop();
    // The lock would hold the job back for half a minute.
    const patient = { QUEUE_LOCK_MS: '30000', SHUTDOWN_GRACE_MS: '60000' };
    worker = await shop.startWorker({ IMAGE_CONCURRENCY: '1', ...patient });
    const { id } = await upload(2500);
    await expect.poll(async () => doneSteps(await shop.image(id)), { interval: 5, timeout: 10_000 }).not.toEqual([]);
    const children = childrenOf(worker.pid);
    const startedAt = performance.now();
    await worker.stop('SIGTERM');
    expect(performance.now() - startedAt).toBeLessThan(30_000);
    for (const child of children) expect(() => process.kill(child, 0)).toThrow(); // has ended as well
    expect(await shop.queues.depth('image-worker')).toBeGreaterThan(0);
    worker = await shop.startWorker({ QUEUE_LOCK_MS: '30000' });
    await shop.become(id, 'ready', 20_000);
  });

  test('nothing is left of an image that is removed while it is processed', async () => {
    const { id, hash } = await upload(2500);
    await expect.poll(async () => doneSteps(await shop.image(id)), { interval: 5, timeout: 10_000 }).not.toEqual([]);
    await shop.rpc.call(catalogRpc.removeImage, { id });
    const left = () => shop.database.query('select from pictures where hash = $1', [hash]);
    await expect.poll(left, { timeout: 20_000 }).toEqual([]);
    expect((await shop.files()).filter((key) => key.includes(hash.slice(0, 16)))).toEqual([]);
    await expect.poll(() => shop.queues.depth('image-worker'), { timeout: 20_000 }).toBe(0);
    expect(worker.isRunning()).toBe(true);
  });

  test('its child processes end when it is killed', async () => {
    await upload(2500);
    const children = await vi.waitFor(() => {
      const now = childrenOf(worker.pid);
      if (now.length === 0) throw new Error('no child yet');
      return now;
    });
    await worker.stop('SIGKILL');
    for (const child of children) await expect.poll(() => isAlive(child), { timeout: 10_000 }).toBe(false);
  });

  test('images become ready when the catalog is killed and started again', async () => {
    const ids = [await upload(), await upload()].map(({ id }) => id);
    await shop.restartCatalog();
    ids.push((await upload()).id);
    for (const id of ids) await shop.become(id, 'ready', 60_000);
  });

  test('images become ready when Redis is away and comes back, with its queues or empty', async () => {
    const ids: string[] = [];
    for (const loses of [false, true]) {
      for (let i = 0; i < 4; i++) ids.push((await upload()).id);
      await shop.toRedis.cut();
      ids.push((await upload()).id); // no queue took it: the sweep finds it
      if (loses) await shop.redis.flushdb();
      await shop.toRedis.mend();
    }
    for (const id of ids) await shop.become(id, 'ready', 60_000);
    expect(worker.isRunning()).toBe(true);
  });
});

test('when two workers process the same image, the first result of each step counts', async () => {
  const workers = await Promise.all([1, 2].map(() => shop.startWorker({ IMAGE_CONCURRENCY: '2' })));
  const bytes = await jpeg(1500, 1500, seed++);
  const hash = hashOf(bytes);
  const id = await shop.upload(bytes);
  // Other ids, so that the queue does not deduplicate the jobs.
  for (const i of [1, 2, 3]) await shop.queues.add(imageWorkerJobs.processPicture, { hash }, { id: `${hash}-${i}` });
  const image = await shop.become(id, 'ready');
  await expect.poll(() => shop.queues.depth('image-worker'), { timeout: 10_000 }).toBe(0);
  const steps = ImageStep.options.length;
  const taken = await Promise.all(workers.map(stepsTaken));
  expect(taken[0]! + taken[1]!).toBeGreaterThan(steps); // so some steps were taken more than once
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
