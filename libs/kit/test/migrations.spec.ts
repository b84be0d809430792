// Migrations beside live traffic, on a real Postgres: what they may hold up, what they wait for, and what they leave behind.
import pg from 'pg';
import type { MigrationInterface, QueryRunner } from 'typeorm';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { MigrationRuleError } from '../src/migration-rules.js';
import { batches, migrate } from '../src/migrations.js';
import { createTestDatabase, type TestDatabase } from '../src/testing/stores.js';

let database: TestDatabase;
let lines: { fields: { blockers?: object[]; migration?: string }; message: unknown }[];
const open: pg.Client[] = [];

beforeEach(async () => {
  database = await createTestDatabase('migrations');
  lines = [];
  await database.query('create table things (id int primary key, name text, price int)');
  await database.query(`insert into things select i, 'thing ' || i, i from generate_series(1, 2500) i`);
});
afterEach(async () => {
  for (const client of open.splice(0)) await client.end();
  await database.drop();
});

let timestamp = 1_900_000_000_000;
/** A migration class that runs `statements`. */
function migration(statements: string[] | ((runner: QueryRunner) => Promise<void>), transaction?: boolean) {
  const name = `Test${timestamp++}`;
  return class implements MigrationInterface {
    readonly name = name;
    readonly transaction = transaction;
    async up(runner: QueryRunner): Promise<void> {
      if (typeof statements === 'function') return statements(runner);
      for (const statement of statements) await runner.query(statement);
    }
    down = () => Promise.resolve();
  };
}

const log = {
  info: (fields: unknown, message: unknown) => void lines.push({ fields: fields as object, message }),
  warn: (fields: unknown, message: unknown) => void lines.push({ fields: fields as object, message }),
};
const run = (...migrations: ReturnType<typeof migration>[]) => migrate({ url: database.url, migrations }, log);

async function connect(application = 'other'): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: database.url, application_name: application });
  await client.connect();
  open.push(client);
  return client;
}

/** What pg_dump does to a table: it holds ACCESS SHARE, and a snapshot, until it ends. */
async function startDump(): Promise<pg.Client> {
  const dump = await connect('pg_dump');
  await dump.query('begin isolation level repeatable read');
  await dump.query('lock table things in access share mode');
  await dump.query('select count(*) from things');
  return dump;
}

/**
 * It waits for the migrations' lock inside a statement, whose snapshot a build waits for in turn. Postgres ends one of the
 * two; if it is this one, its process ends and is started again.
 */
async function startEarlierVersion(): Promise<void> {
  const client = await connect('earlier version');
  const locked = client.query(`select pg_advisory_lock(hashtext('migrations'))`);
  const isOver = await locked.then(
    () => true,
    ({ code }: { code?: string }) => (code === '40P01' ? false : Promise.reject(new Error(code))),
  );
  await client.end();
  if (!isOver) await startEarlierVersion();
}

const indexes = () =>
  database.query<{ name: string; valid: boolean }>(
    `select indexrelid::regclass::text as name, indisvalid as valid from pg_index
     where indrelid = 'things'::regclass and not indisprimary`,
  );
const isWaiting = (type: string) =>
  database.query(`select from pg_stat_activity where wait_event_type = 'Lock' and query ilike $1`, [`%${type}%`]);

test('requests go on while a migration cannot get its lock, the log names what is in its way, and it does not give up', async () => {
  const dump = await startDump();
  const migrated = run(migration(['alter table things add column note text']));
  const shopper = await connect('shopper');
  let slowest = 0;
  for (let heldUp = 0; heldUp < 2;) {
    const startedAt = performance.now();
    await shopper.query('update things set price = price + 1 where id = 1');
    const took = performance.now() - startedAt;
    slowest = Math.max(slowest, took);
    if (took > 300) heldUp += 1;
  }
  // Ten times the lock_timeout; without it, as long as the dump lasts, which is until here.
  expect(slowest).toBeLessThan(5000);
  await dump.query('commit');
  await migrated;
  expect(await database.query('select note from things where id = 1')).toEqual([{ note: null }]);
  const waits = lines.filter(({ message }) => message === 'A migration waits for a lock');
  expect(waits).toHaveLength(1);
  expect(waits[0]!.fields).toMatchObject({
    statement: 'alter table things add column note text',
    blockers: [{ application: 'pg_dump', query: 'select count(*) from things', state: 'idle in transaction' }],
  });
});

test('a migration that was rolled back for a lock runs again as a whole', async () => {
  const dump = await startDump();
  const migrated = run(
    migration(['create table news (id int)', 'insert into news values (1)', 'alter table things add column note text']),
  );
  await expect.poll(() => lines.length).toBe(1);
  expect(await database.query(`select to_regclass('news') as news`)).toEqual([{ news: null }]);
  await dump.query('commit');
  await migrated;
  expect(await database.query('select * from news')).toEqual([{ id: 1 }]);
});

test('an index is built while rows are written and other processes start, also such of an earlier version', async () => {
  const writer = await connect('writer');
  await writer.query('begin');
  await writer.query('update things set price = 0 where id = 1000');
  const build = migration(['create index concurrently if not exists things_by_name on things (name)'], false);
  const all = [run(build), run(build)];
  await expect.poll(() => isWaiting('create index%')).toHaveLength(1);
  all.push(startEarlierVersion());
  for (let id = 1; id <= 100; id++) await database.query('update things set price = 0 where id = $1', [id]);
  await writer.query('commit');
  await Promise.all(all);
  expect(await indexes()).toEqual([{ name: 'things_by_name', valid: true }]);
  expect(await database.query('select name from migrations')).toHaveLength(1);
});

test('an index that an interrupted build left behind is built again', async () => {
  const dump = await startDump();
  const killed = await connect('killed');
  killed.on('error', () => undefined);
  const failing = killed.query('create index concurrently things_by_name on things (name)').catch(() => undefined);
  await expect.poll(() => isWaiting('create index%')).toHaveLength(1);
  await database.query(`select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'killed'`);
  await failing;
  await dump.query('commit');
  await expect.poll(indexes).toEqual([{ name: 'things_by_name', valid: false }]);
  await run(migration(['create index concurrently if not exists things_by_name on things (name)'], false));
  expect(await indexes()).toEqual([{ name: 'things_by_name', valid: true }]);
});

test('a unique index that cannot be built leaves nothing behind that would refuse rows', async () => {
  await database.query(`update things set name = 'thing 2' where id = 1`);
  const unique = migration(['create unique index concurrently if not exists things_name on things (name)'], false);
  await expect(run(unique)).rejects.toThrow(/could not create unique index/);
  expect(await indexes()).toEqual([]);
});

test('a process that dies while Postgres goes on building keeps others from building until that is done', async () => {
  const dump = await startDump();
  const orphan = await connect('orphan');
  await orphan.query(`select pg_advisory_lock(hashtext('migrations'))`);
  const building = orphan.query('create index concurrently if not exists things_by_name on things (name)');
  await expect.poll(() => isWaiting('create index%')).toHaveLength(1);
  orphan.on('error', () => undefined);
  building.catch(() => undefined);
  (orphan as unknown as { connection: { stream: { destroy(): void } } }).connection.stream.destroy();
  await new Promise((resolve) => orphan.once('end', resolve));
  const migrated = run(migration(['create index concurrently if not exists things_by_name on things (name)'], false));
  await dump.query('commit');
  await migrated;
  expect(await indexes()).toEqual([{ name: 'things_by_name', valid: true }]);
});

test('the log names the session that keeps a process from migrating', async () => {
  const holder = await connect('an earlier process');
  await holder.query(`select pg_advisory_lock(hashtext('migrations'))`);
  const migrated = run(migration(['create table more (id int)']));
  await expect.poll(() => lines, { timeout: 20_000 }).toHaveLength(1);
  expect(lines[0]!.fields.blockers).toMatchObject([{ application: 'an earlier process' }]);
  await holder.query(`select pg_advisory_unlock_all()`);
  await migrated;
  expect(lines.map(({ message }) => message)).toEqual(['A migration waits for a lock', 'migrated']);
});

test('a migration that breaks a rule is refused before its statement runs, with the right form', async () => {
  const refused = run(migration(['create table news (id int)', 'create index things_by_name on things (name)']));
  await expect(refused).rejects.toThrow(MigrationRuleError);
  await expect(refused).rejects.toThrow(/create index concurrently if not exists/);
  expect(await database.query(`select to_regclass('news') as news`)).toEqual([{ news: null }]);
});

test('a column becomes not null only after a check that was validated in a migration of its own', async () => {
  const notNull = migration(['alter table things alter column name set not null']);
  await expect(run(notNull)).rejects.toThrow(/not valid/);
  const check = migration(['alter table things add constraint named check (name is not null) not valid']);
  await expect(run(check, notNull)).rejects.toThrow(MigrationRuleError);
  const validate = migration(['alter table things validate constraint named']);
  const andThen = migration([
    'alter table things alter column name set not null',
    'alter table things drop constraint named',
  ]);
  await run(check, validate, andThen);
  await expect(database.query('insert into things values (0, null, 0)')).rejects.toThrow(/not-null/);
});

test('batches fill a table in short transactions, and begin again where they stopped', async () => {
  await database.query('alter table things add column cents int');
  const fill = `update things set cents = price * 100
    where id in (select id from things where cents is null and price is not null limit 1000)`;
  const sizes: number[] = [];
  const backfill = migration(async (runner) => {
    await batches(runner, fill);
  }, false);
  await database.query(`
    create function note_batch() returns trigger language plpgsql as $$ begin
      insert into batches select count(*) from changed; return null; end $$`);
  await database.query('create table batches (rows int)');
  await database.query(`create trigger note after update on things referencing new table as changed
    for each statement execute function note_batch()`);
  const holder = await connect('holder');
  await holder.query('begin');
  await holder.query('select from things where id = 2000 for update');
  const migrated = run(backfill);
  await expect.poll(() => lines.length).toBe(1);
  await holder.query('commit');
  await migrated;
  for (const { rows } of await database.query<{ rows: number }>('select rows from batches')) sizes.push(rows);
  expect(sizes.filter((rows) => rows > 0)).toEqual([1000, 1000, 500]);
  expect(await database.query('select from things where cents <> price * 100')).toEqual([]);
});
