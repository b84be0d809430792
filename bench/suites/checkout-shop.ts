// Stores and services of the checkout benchmark, and the CPU they use.
import { spawn, type ChildProcess } from 'node:child_process';
import { openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import pg from 'pg';
import { root } from '@shop/tools/data-dir';
import { run, until } from '@shop/tools/processes';
import { addressesOf, type Place } from '@shop/tools/replicas';
import { startPostgres } from '@shop/tools/stores/postgres';
import { startRedis } from '@shop/tools/stores/redis';
import { databases, variableOf } from '@shop/tools/stores/stores';
import { cpuMicros, familyCpuMicros } from './process-cpu.ts';

export interface Stores {
  env: NodeJS.ProcessEnv;
  /** Address of the database that pgbench uses, as its owner. */
  pgbenchUrl: string;
  postgresLog: string;
  /** As superuser. */
  query<T extends pg.QueryResultRow>(database: string, text: string): Promise<T[]>;
  postgresCpu(): number;
  redisCpu(): number;
  stop(): Promise<void>;
}

/** Durable, as in production: a commit is on disk when it is answered. */
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
  // In a container it is the first process, and has another number out here.
  if (pid !== 1) return pid;
  const { output: container } = await run(['docker', 'ps', '-q', '--filter', `publish=${new URL(url).port}`]);
  return Number((await run(['docker', 'inspect', '-f', '{{.State.Pid}}', container.trim()])).output);
}

export interface Services {
  /** Address of the gateway, if it is one of them. */
  door: string | undefined;
  children: Map<string, ChildProcess>;
  stop(): Promise<void>;
}

/** Each place as a process with its log in a file, as in production but for the bank. */
export async function startServices(
  dir: string,
  storesEnv: NodeJS.ProcessEnv,
  places: Place[],
  extra: (place: Place) => NodeJS.ProcessEnv = () => ({}),
): Promise<Services> {
  const children = new Map<string, ChildProcess>();
  const stop = async () => {
    await Promise.all([...children.values()].map(end));
  };
  try {
    for (const place of places) {
      const ports = { PORT: place.port, OPS_PORT: place.opsPort, RPC_PORT: place.rpcPort };
      const env = {
        ...process.env,
        ...{ NODE_ENV: 'production', PAYMENT_PROVIDER: 'fake', SEED: 'demo', RATE_LIMITS: 'off', LOG_LEVEL: 'info' },
        ...storesEnv,
        ...addressesOf(places),
        ...Object.fromEntries(Object.entries(ports).flatMap(([key, port]) => (port ? [[key, String(port)]] : []))),
        ...extra(place),
      };
      const log = openSync(join(dir, `${place.service}-${place.replica}.log`), 'a');
      const main = join(root, 'apps', place.service, 'dist', 'main.js');
      children.set(
        `${place.service}${place.replica > 1 ? ` ${place.replica}` : ''}`,
        spawn(process.execPath, [main], { env, stdio: ['ignore', log, 'inherit'] }),
      );
    }
    await Promise.all(places.map(({ opsPort }) => ready(opsPort)));
  } catch (error) {
    await stop();
    throw error;
  }
  const port = places.find((place) => place.port !== undefined)?.port;
  return { door: port === undefined ? undefined : `http://127.0.0.1:${port}`, children, stop };
}

/** µs so far, by process. */
export function cpuOf({ children }: Services, stores: Stores): Record<string, number> {
  const services = [...children].map(([name, { pid }]) => [name, familyCpuMicros(pid!)]);
  return { ...Object.fromEntries(services), postgres: stores.postgresCpu(), redis: stores.redisCpu() };
}

async function ready(opsPort: number): Promise<void> {
  const answers = () =>
    fetch(`http://127.0.0.1:${opsPort}/readyz`).then(
      ({ ok }) => ok,
      () => false,
    );
  if (!(await until(answers, 60_000))) throw new Error(`nothing is ready on port ${opsPort}`);
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  await gone;
}
