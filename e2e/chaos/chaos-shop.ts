// A shop for proofs: on a Postgres and a Redis of its own that write everything to disk, so that they can be killed.
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { holderOf } from '@shop/tools/ports';
import { until } from '@shop/tools/processes';
import { startPostgres } from '@shop/tools/stores/postgres';
import { startRedis } from '@shop/tools/stores/redis';
import { databases, variableOf } from '@shop/tools/stores/stores';
import { startTrialShop, type TrialOptions } from '../trial-shop.js';

export type ChaosShop = Awaited<ReturnType<typeof startChaosShop>>;

export async function startChaosShop(options: Pick<TrialOptions, 'replicas' | 'over'> = {}) {
  const dir = await mkdtemp(join(tmpdir(), 'shop-prove-'));
  const [postgresDir, redisDir] = [join(dir, 'postgres'), join(dir, 'redis')];
  let postgres = await startPostgres({ dir: postgresDir, databases });
  let redis = await startRedis({ dir: redisDir });
  const env: NodeJS.ProcessEnv = {
    ...process.env,
    NODE_ENV: 'development',
    SEED: 'demo',
    LOG_LEVEL: 'info',
    REDIS_STATE_URL: `${redis.url}/0`,
    REDIS_CACHE_URL: `${redis.url}/1`,
    ...Object.fromEntries(databases.map((name) => [variableOf(name), postgres.urls[name]])),
  };
  const shop = await startTrialShop({ ...options, env, logDir: join(dir, 'log') });
  return {
    ...shop,
    env,
    /** kill -9 of the server and all it started, then a new one on the same files. */
    async killPostgres(): Promise<void> {
      const [pid] = (await readFile(join(postgresDir, 'cluster', 'postmaster.pid'), 'utf8')).split('\n');
      const victims = [pid!, ...childrenOf(pid!)];
      for (const victim of victims) kill(victim);
      // A server does not start while a process of the last one still uses its memory.
      await until(() => !victims.some((victim) => existsSync(`/proc/${victim}`)), 10_000);
      postgres = await startPostgres({ dir: postgresDir, databases });
    },
    async killRedis(): Promise<void> {
      const container = containerAt(redis.port);
      if (container) execFileSync('docker', ['rm', '--force', container], { stdio: 'ignore' });
      else kill(holderOf(redis.port).replace(/^pid (\d+).*/, '$1'));
      redis = await startRedis({ dir: redisDir });
    },
    async stop(): Promise<void> {
      await shop.stop();
      await Promise.all([postgres.stop(), redis.stop()]);
      await rm(dir, { recursive: true, force: true });
    },
  };
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
