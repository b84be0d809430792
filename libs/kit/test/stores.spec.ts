// Database, Redis and queue of the kit, on the real things.
import { Injectable, Module } from '@nestjs/common';
import { getDataSourceToken } from '@nestjs/typeorm';
import { defineJobs } from '@shop/contracts/jobs';
import { currentContext, runInContext } from '@shop/rpc/context';
import { toAppError } from '@shop/rpc/errors';
import { UnrecoverableError } from 'bullmq';
import type { DataSource, MigrationInterface, QueryRunner } from 'typeorm';
import { afterAll, beforeAll, expect, test } from 'vitest';
import * as z from 'zod';
import { defineConfig } from '../src/config.js';
import { databaseModule, inTransaction, sql } from '../src/database.js';
import { withLock } from '../src/database-lock.js';
import { HandlesJob } from '../src/handles-job.js';
import type { Running } from '../src/launch.js';
import { QueueModule, Queues } from '../src/queue.js';
import { RedisStateModule } from '../src/redis.js';
import { defineService } from '../src/service.js';
import { startForTest } from '../src/testing/services.js';
import { createTestDatabase, testRedisUrl, type TestDatabase } from '../src/testing/stores.js';

const config = defineConfig({ ORDERS_DATABASE_URL: z.url() });
const jobs = defineJobs('orders', { mend: { payload: z.object({ thing: z.string() }) } });

class First1700000000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('create table things (name text primary key, count int not null check (count >= 0))');
  }
  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table things');
  }
}

const mended: { thing: string; requestId: string | undefined }[] = [];
const waiting = new Map<string, Promise<void>>();
const failures = new Map<string, Error[]>();

@Injectable()
class Mender {
  @HandlesJob(jobs.mend)
  async mend({ thing }: { thing: string }): Promise<void> {
    mended.push({ thing, requestId: currentContext()?.requestId });
    await waiting.get(thing);
    const failure = failures.get(thing)?.shift();
    if (failure) throw failure;
  }
}

@Module({
  imports: [
    RedisStateModule,
    QueueModule,
    databaseModule({
      name: 'orders',
      config,
      url: 'ORDERS_DATABASE_URL',
      entities: [],
      migrations: [First1700000000000],
    }),
  ],
  providers: [Mender],
})
class OrdersModule {}
const orders = defineService({ name: 'orders', module: OrdersModule, config, jobs });

let database: TestDatabase;
let running: Running[];
let dataSource: DataSource;
let queues: Queues;

beforeAll(async () => {
  database = await createTestDatabase('kit');
  const env = { ORDERS_DATABASE_URL: database.url, REDIS_STATE_URL: testRedisUrl(11) };
  running = await Promise.all([startForTest(orders, env), startForTest(orders, env)]);
  dataSource = running[0]!.app.get<DataSource>(getDataSourceToken('orders'));
  queues = running[0]!.app.get(Queues, { strict: false });
});
afterAll(async () => {
  await Promise.all(running.map(({ stop }) => stop()));
  await database.drop();
});

test('two processes that start at the same time migrate once', async () => {
  expect(await database.query('select name from migrations')).toHaveLength(1);
});

test('a transaction that fails leaves nothing behind, and its connection goes on working', async () => {
  const failing = inTransaction(dataSource, async (run) => {
    await run('insert into things values ($1, $2)', ['a', 1]);
    await run('insert into things values ($1, $2)', ['b', -1]);
  });
  await expect(failing).rejects.toThrow(/check constraint/);
  expect(await sql(dataSource, 'select * from things')).toEqual([]);
});

test('a connection that Postgres ends in the middle of a transaction fails that transaction only', async () => {
  const ended = inTransaction(dataSource, async (run) => {
    const [row] = await run<{ pid: number }>('select pg_backend_pid() as pid');
    await run('insert into things values ($1, $2)', ['a', 1]);
    await database.query('select pg_terminate_backend($1)', [row!.pid]);
    await expect.poll(() => database.query('select from pg_stat_activity where pid = $1', [row!.pid])).toEqual([]);
    await run('insert into things values ($1, $2)', ['b', 1]);
  });
  await expect(ended.catch((error: unknown) => Promise.reject(toAppError(error)))).rejects.toMatchObject({
    code: 'unavailable',
  });
  expect(await sql(dataSource, 'select * from things')).toEqual([]);
});

test('a lock whose connection Postgres ends is reported as lost', async () => {
  const locked = withLock(dataSource, 'lost', async () => {
    await database.query(`select pg_terminate_backend(pid) from pg_locks where locktype = 'advisory' and granted
      and database = (select oid from pg_database where datname = current_database())`);
    await expect
      .poll(() =>
        database.query(`select from pg_locks where locktype = 'advisory' and granted
      and database = (select oid from pg_database where datname = current_database())`),
      )
      .toEqual([]);
  });
  await expect(locked).rejects.toThrow(/terminat/);
});

test('a lock lets one at a time', async () => {
  let inside = 0;
  const most: number[] = [];
  const work = async () => {
    most.push(++inside);
    await sql(dataSource, 'select 1');
    inside--;
  };
  await Promise.all([1, 2, 3].map(() => withLock(dataSource, 'test', work)));
  expect(most).toEqual([1, 1, 1]);
});

test('readiness names a database that is gone, and comes back by itself', async () => {
  const ready = async () =>
    (await fetch(`${running[1]!.opsUrl}/readyz`)).json() as Promise<{ status: string; details: object }>;
  expect(await ready()).toMatchObject({
    status: 'ok',
    details: { 'postgres-orders': { status: 'up' }, 'redis-state': { status: 'up' } },
  });
  const name = new URL(database.url).pathname.slice(1);
  const other = await createTestDatabase('kit_admin');
  await other.query(`alter database "${name}" allow_connections false`);
  await other.query('select pg_terminate_backend(pid) from pg_stat_activity where datname = $1', [name]);
  expect(await ready()).toMatchObject({ status: 'error', details: { 'postgres-orders': { status: 'down' } } });
  await other.query(`alter database "${name}" allow_connections true`);
  await expect.poll(async () => (await ready()).status).toBe('ok');
  await other.drop();
});

test('a job is done once per id while it waits, with the request id it was asked under', async () => {
  await runInContext({ requestId: 'request-1', deadlineAt: Infinity }, async () => {
    await Promise.all([1, 2, 3].map(() => queues.add(jobs.mend, { thing: 'chair' }, { id: 'chair', delayMs: 200 })));
  });
  await expect
    .poll(() => mended.filter(({ thing }) => thing === 'chair'))
    .toEqual([{ thing: 'chair', requestId: 'request-1' }]);
  // Once it is done it may be asked for again; its handler has returned a moment before Redis knows.
  const again = async () => {
    await queues.add(jobs.mend, { thing: 'chair' }, { id: 'chair' });
    return mended.filter(({ thing }) => thing === 'chair').length;
  };
  await expect.poll(again, { timeout: 10_000 }).toBeGreaterThanOrEqual(2);
});

test('a job that fails is done again, unless it said never', async () => {
  failures.set('table', [new Error('not now')]);
  failures.set('lamp', [new UnrecoverableError('never')]);
  await queues.add(jobs.mend, { thing: 'lamp' });
  await queues.add(jobs.mend, { thing: 'table' });
  await expect.poll(() => mended.filter(({ thing }) => thing === 'table'), { timeout: 10_000 }).toHaveLength(2);
  expect(mended.filter(({ thing }) => thing === 'lamp')).toHaveLength(1);
});

test('a job that outlasts the grace does not hold up the end', async () => {
  let finish: (() => void) | undefined;
  waiting.set('sofa', new Promise((resolve) => (finish = resolve)));
  const env = { ORDERS_DATABASE_URL: database.url, REDIS_STATE_URL: testRedisUrl(12), SHUTDOWN_GRACE_MS: '200' };
  const slow = await startForTest(orders, env);
  await slow.app.get(Queues, { strict: false }).add(jobs.mend, { thing: 'sofa' });
  await expect.poll(() => mended.some(({ thing }) => thing === 'sofa')).toBe(true);
  await slow.stop();
  finish!();
});

test('without Redis a process is ready some seconds after its start, and says what it misses', async () => {
  const env = { ORDERS_DATABASE_URL: database.url, REDIS_STATE_URL: 'redis://127.0.0.1:1/0', SHUTDOWN_GRACE_MS: '200' };
  const without = await startForTest(orders, env);
  const ready = () => fetch(`${without.opsUrl}/readyz`);
  // The network may not let it reach Redis yet.
  const early = await ready();
  expect([early.status, await early.json()]).toMatchObject([503, { details: { 'redis-state': { status: 'down' } } }]);
  await expect.poll(async () => (await ready()).status, { timeout: 10_000 }).toBe(200);
  const late = { status: 'degraded', details: { 'redis-state': { status: 'degraded' } } };
  expect(await (await ready()).json()).toMatchObject(late);
  await without.stop();
});
