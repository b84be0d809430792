// What the queue says of itself, in which order it works, and how it takes a stop and dead workers; on a real Redis.
import { Injectable, Module } from '@nestjs/common';
import { defineJobs } from '@shop/contracts/jobs';
import { Queue, UnrecoverableError } from 'bullmq';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import * as z from 'zod';
import { defineConfig, type ConfigOf } from '../src/config.js';
import { HandlesJob } from '../src/handles-job.js';
import type { Running } from '../src/launch.js';
import { QueueModule, Queues } from '../src/queue.js';
import { defineService } from '../src/service.js';
import { lateAboutItself } from '../src/testing/late-redis.js';
import { startForTest } from '../src/testing/services.js';
import { testRedisUrl } from '../src/testing/stores.js';
import { ToxicProxy } from '../src/testing/toxic-proxy.js';

const jobs = defineJobs('payments', { count: { payload: z.object({ what: z.string() }) } });
const config = defineConfig({ COUNTERS: z.coerce.number() });
const env = { COUNTERS: '1', REDIS_STATE_URL: testRedisUrl(12), QUEUE_LOCK_MS: '30000', SHUTDOWN_GRACE_MS: '5000' };

const begun: string[] = [];
let running = 0;
let most = 0;
const works = new Map<string, (stopping: AbortSignal) => Promise<void>>();

@Injectable()
class Counter {
  @HandlesJob(jobs.count)
  async count({ what }: { what: string }, stopping: AbortSignal): Promise<void> {
    begun.push(what);
    most = Math.max(most, ++running);
    await (works.get(what)?.(stopping) ?? new Promise(setImmediate)).finally(() => running--);
  }
}

@Module({ imports: [QueueModule], providers: [Counter] })
class PaymentsModule {}
const concurrency = ({ COUNTERS }: ConfigOf<typeof config>) => COUNTERS;
const payments = defineService({ name: 'payments', module: PaymentsModule, config, jobs, concurrency });

/** Asks only, as a service whose jobs another one does. */
@Module({ imports: [QueueModule] })
class AskingModule {}
const asking = defineService({ name: 'accounts', module: AskingModule });

let asker: Running;
let queues: Queues;
let redis: Redis;

beforeAll(async () => {
  asker = await startForTest(asking, env);
  queues = asker.app.get(Queues, { strict: false });
  redis = new Redis(env.REDIS_STATE_URL);
});
beforeEach(async () => {
  await redis.flushdb();
  [begun.length, most] = [0, 0];
  works.clear();
});
afterAll(async () => {
  redis.disconnect();
  await asker.stop();
});

const add = (what: string, options = {}) => queues.add(jobs.count, { what }, options);

test('depth and age are known with no worker running', async () => {
  expect([await queues.depth('payments'), await queues.oldestSeconds('payments')]).toEqual([0, 0]);
  await add('waits');
  await add('later', { delayMs: 60_000 });
  await add('low', { priority: 7 });
  expect(await queues.depth('payments')).toBe(3);
  await expect.poll(() => queues.oldestSeconds('payments')).toBeGreaterThan(0.2);
  expect(await queues.oldestSeconds('payments')).toBeLessThan(10);
});

test('how a queue stands is known by kind of job, and how many processes work it off', async () => {
  await add('waits');
  await add('later', { delayMs: 60_000 });
  await add('low', { priority: 7 });
  const nothing = { workers: 0, waiting: 0, prioritized: 0, active: 0, delayed: 0, failed: 0 };
  const oldestSeconds = expect.any(Number);
  // Polled: Redis may still list the connection of a worker that has just stopped.
  await expect
    .poll(() => queues.health('payments'))
    .toEqual({ ...nothing, waiting: 1, prioritized: 1, delayed: 1, oldestSeconds });
  let release: (() => void) | undefined;
  works.set('waits', () => new Promise<void>((resolve) => (release = resolve)));
  const worker = await startForTest(payments, env);
  await expect.poll(() => release).toBeDefined();
  expect(await queues.health('payments')).toMatchObject({ workers: 1, waiting: 0, active: 1 });
  release!();
  await worker.stop();
});

test('jobs without a priority come first, then the smaller ones, each in the order they came in', async () => {
  await add('low', { priority: 9 });
  await add('high 1', { priority: 2 });
  await add('high 2', { priority: 2 });
  await add('none 1');
  await add('none 2');
  const worker = await startForTest(payments, env);
  await expect.poll(() => begun).toEqual(['none 1', 'none 2', 'high 1', 'high 2', 'low']);
  expect(most).toBe(1);
  await expect.poll(() => queues.depth('payments')).toBe(0);
  await worker.stop();
});

test('a service says how many of its jobs run at a time', async () => {
  let release: (() => void) | undefined;
  const released = new Promise<void>((resolve) => (release = resolve));
  for (const what of ['a', 'b', 'c', 'd']) {
    works.set(what, () => released);
    await add(what);
  }
  const worker = await startForTest(payments, { ...env, COUNTERS: '3' });
  await expect.poll(() => running).toBe(3);
  expect(await queues.depth('payments')).toBe(4);
  release!();
  await expect.poll(() => begun).toHaveLength(4);
  await worker.stop();
  expect(most).toBe(3);
});

test('a job that is given up for a stop is taken by another process at once, before all others', async () => {
  works.set('long', async (stopping) => {
    await new Promise((resolve) => stopping.addEventListener('abort', resolve, { once: true }));
    throw new Error('stopped');
  });
  await add('long');
  const first = await startForTest(payments, env);
  await expect.poll(() => begun).toEqual(['long']);
  await add('next');
  await first.stop();
  works.delete('long');
  const second = await startForTest(payments, env);
  await expect.poll(() => begun, { timeout: 5000 }).toEqual(['long', 'long', 'next']);
  await second.stop();
});

test('a job whose worker dies is done when its lock ends, nine times over', async () => {
  await add('unlucky', { id: 'unlucky' });
  const queue = new Queue('payments', { connection: redis, prefix: '{payments}' });
  const key = '{payments}:payments:count-unlucky';
  expect(await redis.exists(key)).toBe(1);
  await redis.hset(key, 'stc', 9); // as often as its worker died
  works.set('unlucky', () => (begun.length === 1 ? new Promise(() => undefined) : Promise.resolve()));
  const hasty = { ...env, QUEUE_LOCK_MS: '1000', SHUTDOWN_GRACE_MS: '0' };
  const dying = await startForTest(payments, hasty);
  await expect.poll(() => begun).toEqual(['unlucky']);
  await dying.stop();
  const worker = await startForTest(payments, hasty);
  await expect.poll(() => begun, { timeout: 20_000 }).toEqual(['unlucky', 'unlucky']);
  await expect.poll(() => queue.getJobCounts()).toMatchObject({ active: 0, failed: 0, completed: 0 });
  await worker.stop();
});

test.each([
  ['once', 1, 1000],
  ['twice', 2, 2000],
  ['ten times', 10, 60_000],
])('a job that failed %s waits, longer each time, a minute at most', async (_, times, delay) => {
  works.set('fails', () => Promise.reject(new Error('not now')));
  await add('fails', { id: 'fails' });
  await redis.hset('{payments}:payments:count-fails', 'atm', times - 1); // attempts made
  const queue = new Queue('payments', { connection: redis, prefix: '{payments}' });
  const worker = await startForTest(payments, env);
  await expect.poll(async () => (await queue.getDelayed()).map((job) => job.delay)).toEqual([delay]);
  await worker.stop();
});

test('a job that failed for good does not stand in the way of the same job asked for later', async () => {
  works.set('broken', () => Promise.reject(new UnrecoverableError('never')));
  const worker = await startForTest(payments, env);
  await add('broken', { id: 'thing' });
  await expect.poll(() => queues.depth('payments')).toBe(0);
  works.delete('broken');
  await add('broken', { id: 'thing' });
  await expect.poll(() => begun).toEqual(['broken', 'broken']);
  await worker.stop();
});

test('without Redis depth and age fail fast', async () => {
  const alone = await startForTest(asking, { ...env, REDIS_STATE_URL: 'redis://127.0.0.1:1/0' });
  const ask = alone.app.get(Queues, { strict: false });
  const startedAt = performance.now();
  await expect(ask.depth('payments')).rejects.toMatchObject({ code: 'unavailable' });
  await expect(ask.oldestSeconds('payments')).rejects.toMatchObject({ code: 'unavailable' });
  expect(performance.now() - startedAt).toBeLessThan(4000);
  await alone.stop();
});

test('a Redis that is late with what it says of itself is used all the same', async () => {
  const way = await lateAboutItself(env.REDIS_STATE_URL, 1500);
  const service = await startForTest(asking, { ...env, REDIS_STATE_URL: way.url });
  const depth = () => service.app.get(Queues, { strict: false }).depth('payments');
  await expect.poll(() => depth().catch(() => 'unavailable'), { timeout: 10_000 }).toBe(0);
  await service.stop();
  way.close();
});

test(
  'a worker whose connection is dead without a word makes a new one, and goes on',
  { timeout: 120_000 },
  async () => {
    const way = await ToxicProxy.toUrl(env.REDIS_STATE_URL);
    let release: (() => void) | undefined;
    works.set('in hand', () => new Promise((resolve) => (release = resolve)));
    const worker = await startForTest(payments, { ...env, REDIS_STATE_URL: way.through(env.REDIS_STATE_URL) });
    await add('in hand');
    await expect.poll(() => begun).toEqual(['in hand']);
    way.silence();
    release!();
    await way.mend();
    await add('next');
    await expect.poll(() => begun, { timeout: 90_000 }).toEqual(['in hand', 'next']);
    await expect.poll(() => queues.depth('payments')).toBe(0);
    await worker.stop();
    await way.cut();
  },
);
