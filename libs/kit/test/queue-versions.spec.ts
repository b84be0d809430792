// Workers of two versions on one queue, of which the older one does not know every job; on a real Redis.
import { Injectable, Module } from '@nestjs/common';
import { defineJobs } from '@shop/contracts/jobs';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import * as z from 'zod';
import { HandlesJob } from '../src/handles-job.js';
import type { Running } from '../src/launch.js';
import { register } from '../src/metrics.js';
import { prefixOf, QueueModule, Queues } from '../src/queue.js';
import { defineService } from '../src/service.js';
import { startForTest } from '../src/testing/services.js';
import { testRedisUrl } from '../src/testing/stores.js';

const oldJobs = defineJobs('payments', { count: { payload: z.object({ what: z.enum(['apples']) }) } });
const newJobs = defineJobs('payments', {
  count: { payload: z.object({ what: z.enum(['apples', 'pears']) }) },
  weigh: { payload: z.object({ what: z.string() }) },
});

const done: string[] = [];

@Injectable()
class OldCounter {
  @HandlesJob(oldJobs.count)
  async count({ what }: { what: string }): Promise<void> {
    await Promise.resolve(done.push(`old count ${what}`));
  }
}
@Injectable()
class NewCounter {
  @HandlesJob(newJobs.count)
  async count({ what }: { what: string }): Promise<void> {
    await Promise.resolve(done.push(`new count ${what}`));
  }
  @HandlesJob(newJobs.weigh)
  async weigh({ what }: { what: string }): Promise<void> {
    await Promise.resolve(done.push(`new weigh ${what}`));
  }
}
@Module({ imports: [QueueModule], providers: [OldCounter] })
class OldModule {}
@Module({ imports: [QueueModule], providers: [NewCounter] })
class NewModule {}
@Module({ imports: [QueueModule] })
class AskingModule {}

const oldPayments = defineService({ name: 'payments', module: OldModule, jobs: oldJobs });
const newPayments = defineService({ name: 'payments', module: NewModule, jobs: newJobs });
const asking = defineService({ name: 'accounts', module: AskingModule });
const env = { REDIS_STATE_URL: testRedisUrl(12), SHUTDOWN_GRACE_MS: '5000' };

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
  done.length = 0;
});
afterAll(async () => {
  redis.disconnect();
  await asker.stop();
});

const job = (id: string) => redis.hgetall(`${prefixOf('payments')}:payments:${id}`);

test('a job that only the newer of two workers knows is done exactly once', async () => {
  const workers = await Promise.all([startForTest(oldPayments, env), startForTest(newPayments, env)]);
  const names = Array.from({ length: 30 }, (_, i) => `crate ${i}`);
  for (const what of names) await queues.add(newJobs.weigh, { what }, { id: what });
  await expect.poll(() => queues.depth('payments'), { timeout: 40_000 }).toBe(0);
  expect([...done].sort()).toEqual(names.map((what) => `new weigh ${what}`).sort());
  await Promise.all(workers.map((worker) => worker.stop()));
});

test('a job that no worker knows waits for one that does, without losing an attempt', async () => {
  const old = await startForTest(oldPayments, env);
  await queues.add(newJobs.weigh, { what: 'crate' }, { id: 'crate' });
  await queues.add(newJobs.count, { what: 'pears' }, { id: 'pears' });
  await queues.add(oldJobs.count, { what: 'apples' });
  await expect.poll(() => done).toEqual(['old count apples']);
  for (const id of ['weigh-crate', 'count-pears']) {
    await expect.poll(async () => Number((await job(id)).ats), { timeout: 10_000 }).toBeGreaterThanOrEqual(2);
    expect((await job(id)).atm ?? '0').toBe('0');
  }
  expect(await queues.depth('payments')).toBe(2);
  expect(await register.getSingleMetricAsString('jobs_total')).toMatch(/job="weigh",outcome="unknown"} ([2-9]|\d{2,})/);
  const worker = await startForTest(newPayments, env);
  await old.stop();
  await expect
    .poll(() => [...done].sort(), { timeout: 40_000 })
    .toEqual(['new count pears', 'new weigh crate', 'old count apples']);
  await expect.poll(() => queues.depth('payments')).toBe(0);
  await worker.stop();
});

test('a job that no worker could read for half an hour ends, so that it can be added again', async () => {
  const worker = await startForTest(oldPayments, env);
  await queues.add(newJobs.count, { what: 'pears' }, { id: 'fruit' });
  const key = `${prefixOf('payments')}:payments:count-fruit`;
  await expect.poll(() => redis.hget(key, 'ats')).not.toBeNull();
  await redis.hset(key, 'timestamp', Date.now() - 31 * 60_000);
  await expect.poll(() => redis.exists(key), { timeout: 20_000 }).toBe(0);
  await queues.add(newJobs.count, { what: 'apples' }, { id: 'fruit' });
  await expect.poll(() => done).toEqual(['old count apples']);
  await worker.stop();
});
