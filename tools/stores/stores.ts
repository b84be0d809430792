// Postgres and Redis for the shop: those configured in the environment, and private ones below DATA_DIR for the rest.
import { join } from 'node:path';
import { startPostgres } from './postgres.ts';
import { checkRedis, startRedis } from './redis.ts';

/** Services with a database of their own. */
export const databases = ['accounts', 'catalog', 'orders', 'payments'] as const;

export interface Stores {
  /** `*_DATABASE_URL`, REDIS_STATE_URL and REDIS_CACHE_URL for the services. */
  env: Record<string, string>;
  /** Stops the private stores: Redis first, then Postgres. */
  stop(): Promise<void>;
}

export async function startStores(dataDir: string, given: NodeJS.ProcessEnv = process.env): Promise<Stores> {
  const env: Record<string, string> = {};
  const started: { stop(): Promise<void> }[] = [];
  const stop = async () => {
    for (const server of started.splice(0)) await server.stop();
  };
  try {
    for (const name of ['REDIS_STATE_URL', 'REDIS_CACHE_URL']) {
      const url = given[name];
      if (url) await checkRedis(name, url);
    }
    if (!given['REDIS_STATE_URL'] || !given['REDIS_CACHE_URL']) {
      const redis = await startRedis({ dir: join(dataDir, 'redis') });
      started.push(redis);
      env['REDIS_STATE_URL'] = given['REDIS_STATE_URL'] || `${redis.url}/0`;
      env['REDIS_CACHE_URL'] = given['REDIS_CACHE_URL'] || `${redis.url}/1`;
    }
    if (databases.some((name) => !given[variableOf(name)])) {
      const postgres = await startPostgres({ dir: join(dataDir, 'postgres'), databases });
      started.push(postgres);
      for (const name of databases) env[variableOf(name)] = given[variableOf(name)] || (postgres.urls[name] ?? '');
    }
    return { env, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

export const variableOf = (database: string) => `${database.toUpperCase()}_DATABASE_URL`;
