// Stores and services for benchmarks of checkout, with their CPU.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import pg from 'pg';
import { run } from '@shop/tools/processes';
import type { Place } from '@shop/tools/replicas';
import { startSplit, type Split } from '@shop/tools/split-services';
import { startPostgres } from '@shop/tools/stores/postgres';
import { startRedis } from '@shop/tools/stores/redis';
import { databases, variableOf } from '@shop/tools/stores/stores';
import { cpuMicros, familyCpuMicros } from './process-cpu.ts';

export interface Stores {
  env: NodeJS.ProcessEnv;
  /** URL of the database of pgbench, for its owner. */
  pgbenchUrl: string;
  postgresLog: string;
  /** Queries as superuser. */
  query<T extends pg.QueryResultRow>(database: string, text: string): Promise<T[]>;
  postgresCpu(): number;
  redisCpu(): number;
  stop(): Promise<void>;
}

/** Durable as in production: a commit is on disk before its response. */
export async function startStoresFor(dir: string): Promise<Stores> {
  const postgres = await startPostgres({ dir: join(dir, 'postgres'), databases: [...databases, 'pgbench'] });
  const redis = await startRedis({ dir: join(dir, 'redis') });
  const pools = new Map<string, pg.Pool>();
  const poolOf = (database: string) => {
    const url = Object.assign(new URL(postgres.superuserUrl), { pathname: `/${database}` }).href;
    const pool = pools.get(database) ?? new pg.Pool({ connectionString: url, max: 1 });
    pools.set(database, pool);
    return pool;
  };
  const postmaster = Number(readFileSync(join(dir, 'postgres', 'cluster', 'postmaster.pid'), 'utf8').split('\n')[0]);
  const redisPid = await pidOfRedis(redis.url);
  return {
    env: {
      ...Object.fromEntries(databases.map((name) => [variableOf(name), postgres.urls[name]])),
      REDIS_STATE_URL: `${redis.url}/0`,
      REDIS_CACHE_URL: `${redis.url}/1`,
    },
    pgbenchUrl: postgres.urls['pgbench']!,
    postgresLog: join(dir, 'postgres', 'server.log'),
    query: async (database, text) => (await poolOf(database).query(text)).rows,
    postgresCpu: () => familyCpuMicros(postmaster),
    redisCpu: () => cpuMicros(redisPid),
    stop: async () => {
      await Promise.all([...pools.values()].map((pool) => pool.end()));
      await redis.stop();
      await postgres.stop();
    },
  };
}

async function pidOfRedis(url: string): Promise<number> {
  const redis = new Redis(url);
  const info = await redis.info('server');
  redis.disconnect();
  const pid = Number(/process_id:(\d+)/.exec(info)![1]);
  // In a container it has pid 1, and another pid on the host.
  if (pid !== 1) return pid;
  const { output: container } = await run(['docker', 'ps', '-q', '--filter', `publish=${new URL(url).port}`]);
  return Number((await run(['docker', 'inspect', '-f', '{{.State.Pid}}', container.trim()])).output);
}

export interface Services {
  /** URL of the gateway, if it is one of them. */
  gateway: string | undefined;
  processes: Split['processes'];
  stop(): Promise<void>;
}

/** One process per place, as in production but for the payment provider. */
export async function startServices(
  dir: string,
  storesEnv: NodeJS.ProcessEnv,
  places: Place[],
  envOf?: (place: Place) => NodeJS.ProcessEnv,
): Promise<Services> {
  const env = {
    ...process.env,
    ...{ NODE_ENV: 'production', PAYMENT_PROVIDER: 'fake', SEED: 'demo', RATE_LIMITS: 'off', LOG_LEVEL: 'info' },
    ...storesEnv,
  };
  const split = startSplit({ places, env, envOf, logDir: dir, quiet: true });
  try {
    await split.ready();
  } catch (error) {
    await split.stop();
    throw error;
  }
  return { gateway: split.gateways[0], processes: split.processes, stop: () => split.stop() };
}

/** CPU used so far, in µs, by process. */
export function cpuOf({ processes }: Services, stores: Stores): Record<string, number> {
  const services = processes.map(({ service, replica, pid }) => [
    `${service}${replica > 1 ? ` ${replica}` : ''}`,
    familyCpuMicros(pid),
  ]);
  return { ...Object.fromEntries(services), postgres: stores.postgresCpu(), redis: stores.redisCpu() };
}
