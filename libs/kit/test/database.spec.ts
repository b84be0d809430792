// Statements, their deadlines and readiness, on a pool of two connections.
import { runInContext } from '@shop/rpc/context';
import { toAppError } from '@shop/rpc/errors';
import { register } from 'prom-client';
import { DataSource } from 'typeorm';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { clientClass } from '../src/database-client.js';
import { DatabaseProbe } from '../src/database-probe.js';
import { inTransaction, sql, unpreparedSql } from '../src/database.js';
import { createTestDatabase, type TestDatabase } from '../src/testing/stores.js';

let database: TestDatabase;
let db: DataSource;
const lines: Record<string, unknown>[] = [];

beforeAll(async () => {
  database = await createTestDatabase('kit_database');
  const log = {
    throttled: (_kind: string, fields: object, message: string) => void lines.push({ ...fields, message }),
  };
  const extra = { Client: clientClass('orders', log), connectionTimeoutMillis: 5000 };
  db = await new DataSource({ type: 'postgres', url: database.url, poolSize: 2, extra }).initialize();
  await database.query('create table things (name text primary key)');
});
afterEach(() => (lines.length = 0));
afterAll(async () => {
  await db.destroy();
  await database.drop();
});

const within = <T>(ms: number, work: () => Promise<T>, requestId = 'request') =>
  runInContext({ requestId, deadlineAt: performance.now() + ms }, work);
const refusal = (work: Promise<unknown>) => work.then(() => 'answered', toAppError);
const running = (text: string) =>
  database.query(`select from pg_stat_activity where state = 'active' and query like $1 and pid <> pg_backend_pid()`, [
    `${text}%`,
  ]);
const overDeadline = async (when: string) =>
  (await register.getSingleMetric('postgres_statements_over_deadline_total')!.get()).values.find(
    ({ labels }) => labels['when'] === when,
  )?.value ?? 0;

test.each<[string, () => Promise<unknown>]>([
  ['a prepared statement', () => sql(db, 'select pg_sleep(60) as prepared')],
  ['an unprepared statement', () => unpreparedSql(db, 'select pg_sleep(60) as unprepared')],
  ['a statement of a transaction', () => inTransaction(db, (run) => run('select pg_sleep(60) as in_transaction'))],
  ['a statement of TypeORM', () => db.query('select pg_sleep(60) as by_typeorm')],
])('%s ends in Postgres with the deadline of its caller', async (_name, work) => {
  const before = await overDeadline('running');
  const startedAt = performance.now();
  expect(await refusal(within(100, work))).toMatchObject({ code: 'unavailable' });
  expect(performance.now() - startedAt).toBeLessThan(5000);
  // The client has its answer a moment before Postgres says that the backend is idle.
  await expect.poll(() => running('select pg_sleep(60)')).toEqual([]);
  expect(await overDeadline('running')).toBe(before + 1);
  expect(lines).toMatchObject([
    {
      message: 'statement failed',
      statement: expect.stringContaining('pg_sleep') as string,
      durationMs: expect.any(Number) as number,
      reason: 'cancelled at the deadline of its caller',
    },
  ]);
});

test('a cancelled statement leaves its connection usable', async () => {
  const pid = () => sql<{ pid: number }>(db, 'select pg_backend_pid() as pid');
  const [before] = await pid();
  await refusal(within(50, () => sql(db, 'select pg_sleep(60)')));
  expect(await pid()).toEqual([before]);
});

test('a transaction that runs out of time leaves nothing behind', async () => {
  const late = within(100, () =>
    inTransaction(db, async (run) => {
      await run(`insert into things values ('late')`);
      await run('select pg_sleep(60)');
    }),
  );
  expect(await refusal(late)).toMatchObject({ code: 'unavailable' });
  expect(await database.query('select * from things')).toEqual([]);
});

test('a statement is not begun after the deadline', async () => {
  const before = await overDeadline('before');
  expect(await refusal(within(0, () => sql(db, `insert into things values ('never')`)))).toMatchObject({
    code: 'unavailable',
  });
  expect(await refusal(within(0, () => db.query(`insert into things values ('never')`)))).toMatchObject({
    code: 'unavailable',
  });
  expect(await overDeadline('before')).toBe(before + 2);
  expect(await database.query('select * from things')).toEqual([]);
});

test('a statement that waited for a connection has the deadline of its own caller', async () => {
  const busy = [1, 2].map(() => within(60_000, () => sql(db, 'select pg_sleep(0.3)'), 'busy'));
  const waiting = within(1500, () => sql(db, 'select pg_sleep(60)'), 'waiting');
  const patient = runInContext({ requestId: 'patient', deadlineAt: Infinity }, () => sql(db, 'select 1 as one'));
  await Promise.all(busy);
  expect(await patient).toEqual([{ one: 1 }]);
  expect(await refusal(waiting)).toMatchObject({ code: 'unavailable' });
});

test('a statement without a deadline is not ended', async () => {
  expect(await sql(db, `select pg_sleep(0.1), 'done' as state`)).toMatchObject([{ state: 'done' }]);
});

test('a slow statement and one that Postgres refuses each leave a line in the log, a violated constraint none', async () => {
  await sql(db, `select pg_sleep(0.6)`);
  await expect(sql(db, 'select\n  1 / 0')).rejects.toThrow(/division/);
  await sql(db, `insert into things values ('twice')`);
  await expect(sql(db, `insert into things values ('twice')`)).rejects.toThrow(/unique/);
  await database.query('delete from things');
  expect(lines).toMatchObject([
    { message: 'slow statement', statement: 'select pg_sleep(0.6)', reason: 'slow' },
    { message: 'statement failed', statement: 'select 1 / 0', reason: 'division by zero' },
  ]);
});

test('a database whose pool is in use is ready, one that lets no one in is not, and comes back by itself', async () => {
  const probe = new DatabaseProbe(database.url, 'orders');
  const busy = [1, 2, 3, 4].map(() => refusal(within(1500, () => sql(db, 'select pg_sleep(60)'))));
  await expect.poll(() => running('select pg_sleep(60)')).toHaveLength(2);
  await Promise.all([1, 2, 3].map(() => probe.check()));
  const connections = `select from pg_stat_activity where application_name = 'orders-readiness'`;
  expect(await database.query(connections)).toHaveLength(1);
  await Promise.all(busy);

  const name = new URL(database.url).pathname.slice(1);
  const other = await createTestDatabase('kit_admin');
  await other.query(`alter database "${name}" allow_connections false`);
  await other.query(
    `select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'orders-readiness'`,
  );
  await expect(probe.check()).rejects.toThrow();
  await expect(probe.check()).rejects.toThrow(/not currently accepting/);
  await other.query(`alter database "${name}" allow_connections true`);
  await probe.check();
  await probe.close();
  await other.drop();
});
