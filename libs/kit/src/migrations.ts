// Migrates a database beside live traffic: no statement waits for a table's lock long enough for requests behind it to notice.
import { setTimeout as sleep } from 'node:timers/promises';
import { DataSource, Migration, MigrationExecutor, type DataSourceOptions, type QueryRunner } from 'typeorm';
import { acquireLock, endWhenPeerIsGone } from './database-lock.js';
import { LockWatch } from './lock-watch.js';
import type { Log } from './log.js';
import { LOCK_TIMEOUT_MS, MigrationStatements } from './migration-statements.js';

const CONNECT_MS = 2000;

/** The pause between attempts at a lock doubles from 1 s up to this, so that few requests meet one. */
const LONGEST_PAUSE_MS = 15_000;

/** SQLSTATEs: lock_timeout and a deadlock. */
const lockConflicts = new Set(['55P03', '40P01']);

/** Held by the process that migrates. */
const LOCK = 'migrations';

export type MigrationOptions = Pick<
  Extract<DataSourceOptions, { type: 'postgres' }>,
  'url' | 'migrations' | 'entities' | 'applicationName'
>;

export type MigrationLog = Pick<Log, 'info' | 'warn'>;

/**
 * Runs what is pending, each migration in a transaction unless it says `transaction = false`, one process at a time. A
 * migration that does not get a lock is rolled back and tried again, without end: the old version goes on serving.
 */
export async function migrate(options: MigrationOptions, log: MigrationLog): Promise<void> {
  const { url, migrations, entities, applicationName } = options;
  const dataSource = new DataSource({
    ...{ type: 'postgres', url, migrations, entities, applicationName },
    // The migration's connection, and one that looks at what is in its way.
    ...{ poolSize: 2, extra: { connectionTimeoutMillis: CONNECT_MS } },
  });
  await dataSource.initialize();
  try {
    const watch = new LockWatch(dataSource, log);
    for (let attempt = 0; !(await tryToMigrate(dataSource, watch, log)); attempt++) await sleep(pauseAfter(attempt));
  } finally {
    await dataSource.destroy();
  }
}

/** For commands: only what is in the way is printed. */
export function migrateFromCommandLine(options: MigrationOptions): Promise<void> {
  return migrate(options, { info: () => undefined, warn: (fields, message) => console.error(message, fields) });
}

/**
 * For a migration with `transaction = false`: repeats `sql`, an update or delete of at most some thousand rows (`limit`) that
 * finds only what is left to do, until it finds nothing. Each batch is a transaction; half of the time is left to others.
 */
export async function batches(runner: QueryRunner, sql: string, parameters: unknown[] = []): Promise<void> {
  for (;;) {
    const startedAt = performance.now();
    const { affected } = await runner.query(sql, parameters, true);
    if (!affected) return;
    await sleep(performance.now() - startedAt);
  }
}

export interface Fill {
  table: string;
  /** Its primary key, of one column. */
  key: string;
  /** What follows `set`. */
  set: string;
  /** Of the rows that are left to do. */
  where: string;
  /** Rows looked at in one batch. */
  size?: number;
}

/**
 * For a migration with `transaction = false`: updates a whole table along its primary key, so that each batch reads only its
 * own rows. What it wrote is not written again when it has to begin anew.
 */
export async function fillInBatches(runner: QueryRunner, { table, key, set, where, size = 1000 }: Fill): Promise<void> {
  const batch = (from: string) => `
    with batch as (select ${key} as key from ${table} ${from} order by ${key} limit ${size}),
      filled as (update ${table} set ${set} from batch where ${table}.${key} = batch.key and (${where}))
    select key from batch order by key desc limit 1`;
  for (let last: unknown, isFirst = true; ; isFirst = false) {
    const startedAt = performance.now();
    const [row] = (await (isFirst ? runner.query(batch('')) : runner.query(batch(`where ${key} > $1`), [last]))) as {
      key: unknown;
    }[];
    if (!row) return;
    last = row.key;
    await sleep(performance.now() - startedAt);
  }
}

function pauseAfter(attempt: number): number {
  return Math.min(1000 * 2 ** attempt, LONGEST_PAUSE_MS) * (0.5 + Math.random());
}

/** False when another session's lock is in the way. Nothing is held then, not even the lock that keeps other processes out. */
async function tryToMigrate(dataSource: DataSource, watch: LockWatch, log: MigrationLog): Promise<boolean> {
  const runner = dataSource.createQueryRunner();
  try {
    await runner.query(`set statement_timeout = 0; set lock_timeout = ${LOCK_TIMEOUT_MS}; ${endWhenPeerIsGone}`);
    // In the session that migrates: a statement that goes on in Postgres after its process has died keeps the lock.
    const query = (text: string, values?: unknown[]) => runner.query(text, values) as Promise<unknown[]>;
    await acquireLock(query, LOCK, () => watch.turn(query, LOCK));
    const [session] = (await runner.query('select pg_backend_pid() as pid')) as { pid: number }[];
    const statements = new MigrationStatements(runner, session!.pid, watch);
    const executor = new MigrationExecutor(dataSource, runner);
    for (const migration of await executor.getPendingMigrations()) {
      const startedAt = performance.now();
      await execute({ runner, executor, statements }, migration);
      log.info({ migration: migration.name, ms: Math.round(performance.now() - startedAt) }, 'migrated');
    }
    return true;
  } catch (error) {
    if (!isLockConflict(error)) throw error;
    watch.report({ err: error });
    return false;
  } finally {
    await runner.query('select pg_advisory_unlock_all()').catch(() => undefined);
    await runner.release();
  }
}

interface Means {
  runner: QueryRunner;
  executor: MigrationExecutor;
  statements: MigrationStatements;
}

async function execute(
  { runner, executor, statements }: Means,
  { id, timestamp, name, instance }: Migration,
): Promise<void> {
  // What the executor itself says, to write down that it ran, is under no rule.
  const up = (self: QueryRunner) => statements.during(name, () => instance!.up(self));
  const migration = new Migration(id, timestamp, name, { up, down: () => Promise.resolve() });
  if (instance!.transaction === false) return void (await executor.executeMigration(migration));
  await runner.startTransaction();
  try {
    await executor.executeMigration(migration);
    await runner.commitTransaction();
  } catch (error) {
    await runner.rollbackTransaction().catch(() => undefined);
    throw error;
  }
}

function isLockConflict(error: unknown): boolean {
  const { code, driverError } = error as { code?: unknown; driverError?: unknown };
  return lockConflicts.has(code as string) || (driverError !== undefined && isLockConflict(driverError));
}
