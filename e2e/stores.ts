// The Postgres and Redis of a shop under test: databases of its own on the servers of the test run, or servers of its own.
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createTestDatabase, testRedisUrl, type TestDatabase } from '@shop/kit/testing/stores';
import { holderOf } from '@shop/tools/ports';
import { until } from '@shop/tools/processes';
import { startPostgres } from '@shop/tools/stores/postgres';
import { startRedis, type RedisServer } from '@shop/tools/stores/redis';
import { databases as names, variableOf } from '@shop/tools/stores/stores';
import pg from 'pg';

export type Database = Pick<TestDatabase, 'url' | 'query'>;
export type Databases = Record<(typeof names)[number], Database>;

export interface Stores {
  env: NodeJS.ProcessEnv;
  databases: Databases;
  stop(): Promise<void>;
}

export interface KillableStores extends Stores {
  /** kill -9 of the server and its children, then a new server on the same files. */
  killPostgres(): Promise<void>;
  killRedis(): Promise<void>;
}

/** Redis databases of this worker of vitest: 13 and 14, or 0 and 1. */
export function redisEnv(): { REDIS_STATE_URL: string; REDIS_CACHE_URL: string } {
  const first = process.env['VITEST_POOL_ID'] === '1' ? 13 : 0;
  return { REDIS_STATE_URL: testRedisUrl(first), REDIS_CACHE_URL: testRedisUrl(first + 1) };
}

/** Empty databases on the servers of the test run. */
export async function sharedStores(): Promise<Stores> {
  const made = await Promise.all(names.map(async (name) => [name, await createTestDatabase(name)] as const));
  const databases = Object.fromEntries(made) as Record<keyof Databases, TestDatabase>;
  return {
    databases,
    env: { ...redisEnv(), ...urlsOf(databases) },
    stop: async () => void (await Promise.all(made.map(([, database]) => database.drop()))),
  };
}

/** Servers that write everything to disk. */
export async function killableStores(): Promise<KillableStores> {
  const dir = await mkdtemp(join(tmpdir(), 'shop-stores-'));
  const [postgresDir, redisDir] = [join(dir, 'postgres'), join(dir, 'redis')];
  let postgres = await startPostgres({ dir: postgresDir, databases: names });
  let redis = await startRedis({ dir: redisDir });
  const pools = names.map((name) => new pg.Pool({ connectionString: postgres.urls[name]!, max: 2 }));
  for (const pool of pools) pool.on('error', () => undefined); // its server is killed now and then
  const connected = pools.map((pool, i): [string, Database] => [
    names[i]!,
    { url: postgres.urls[names[i]!]!, query: async (text, values) => (await pool.query(text, values)).rows },
  ]);
  const databases = Object.fromEntries(connected) as Databases;
  return {
    databases,
    env: { REDIS_STATE_URL: `${redis.url}/0`, REDIS_CACHE_URL: `${redis.url}/1`, ...urlsOf(databases) },
    async killPostgres() {
      const [pid] = (await readFile(join(postgresDir, 'cluster', 'postmaster.pid'), 'utf8')).split('\n');
      const victims = [pid!, ...childrenOf(pid!)];
      for (const victim of victims) kill(victim);
      // A server does not start while a process of the last one still uses its memory.
      await until(() => !victims.some((victim) => existsSync(`/proc/${victim}`)), 10_000);
      postgres = await startPostgres({ dir: postgresDir, databases: names });
    },
    async killRedis() {
      killServer(redis);
      redis = await startRedis({ dir: redisDir });
    },
    async stop() {
      await Promise.all(pools.map((pool) => pool.end()));
      await Promise.all([postgres.stop(), redis.stop()]);
      await rm(dir, { recursive: true, force: true });
    },
  };
}

/** Runs one statement in a transaction that keeps its locks until the returned function is called. */
export async function lock({ url }: Database, text: string, values: unknown[] = []): Promise<() => Promise<void>> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query('begin');
  await client.query(text, values);
  return () => client.end();
}

/** Without a chance to write anything to disk. */
export function killServer({ port }: Pick<RedisServer, 'port'>): void {
  const container = containerAt(port);
  if (container) execFileSync('docker', ['rm', '--force', container], { stdio: 'ignore' });
  else kill(holderOf(port).replace(/^pid (\d+).*/, '$1'));
}

function urlsOf(databases: Databases): NodeJS.ProcessEnv {
  return Object.fromEntries(names.map((name) => [variableOf(name), databases[name].url]));
}

function childrenOf(pid: string): string[] {
  return execFileSync('ps', ['-o', 'pid=', '--ppid', pid], { encoding: 'utf8' }).split(/\s+/).filter(Boolean);
}

/** The id of the container that publishes this port, if one does. */
function containerAt(port: number): string {
  try {
    return execFileSync('docker', ['ps', '--quiet', '--filter', `publish=${port}`], { encoding: 'utf8' }).trim();
  } catch {
    return ''; // no Docker here
  }
}

function kill(pid: string): void {
  // 0 would be the group of this process.
  if (!(Number(pid) > 0)) throw new Error(`"${pid}" is no process to kill`);
  try {
    process.kill(Number(pid), 'SIGKILL');
  } catch {
    // a backend that ended in the meantime
  }
}
