// What a shop of its own needs in a test: empty databases, its part of Redis, a folder for logs.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createTestDatabase, testRedisUrl } from '@shop/kit/testing/stores';

export interface FreshShop {
  env: NodeJS.ProcessEnv;
  logDir: string;
  remove(): Promise<void>;
}

/** `redisDatabase` and the one after it are this shop's. */
export async function freshShop(redisDatabase: number): Promise<FreshShop> {
  const names = ['accounts', 'catalog', 'orders', 'payments'];
  const databases = await Promise.all(names.map((name) => createTestDatabase(name)));
  const logDir = await mkdtemp(join(tmpdir(), 'shop-journeys-'));
  return {
    env: {
      ...process.env,
      NODE_ENV: 'development',
      SEED: 'demo',
      LOG_LEVEL: 'info',
      RATE_LIMITS: 'off',
      REDIS_STATE_URL: testRedisUrl(redisDatabase),
      REDIS_CACHE_URL: testRedisUrl(redisDatabase + 1),
      ...Object.fromEntries(names.map((name, i) => [`${name.toUpperCase()}_DATABASE_URL`, databases[i]!.url])),
    },
    logDir,
    remove: async () => {
      await Promise.all(databases.map((database) => database.drop()));
      await rm(logDir, { recursive: true });
    },
  };
}
