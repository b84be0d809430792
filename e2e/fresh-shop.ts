// What a shop of its own needs in a test: empty databases, its part of Redis, a folder for logs.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createTestDatabase, testRedisUrl, type TestDatabase } from '@shop/kit/testing/stores';

const names = ['accounts', 'catalog', 'orders', 'payments'] as const;

export interface FreshShop {
  env: NodeJS.ProcessEnv;
  logDir: string;
  /** To look behind the services' backs. */
  databases: Record<(typeof names)[number], TestDatabase>;
  remove(): Promise<void>;
}

/** `redisDatabase` and the one after it are this shop's. */
export async function freshShop(redisDatabase: number): Promise<FreshShop> {
  const made = await Promise.all(names.map(async (name) => [name, await createTestDatabase(name)] as const));
  const databases = Object.fromEntries(made) as FreshShop['databases'];
  const logDir = await mkdtemp(join(tmpdir(), 'shop-journeys-'));
  return {
    env: {
      ...process.env,
      NODE_ENV: 'development',
      SEED: 'demo',
      SEED_IMAGES: 'off',
      LOG_LEVEL: 'info',
      RATE_LIMITS: 'off',
      REDIS_STATE_URL: testRedisUrl(redisDatabase),
      REDIS_CACHE_URL: testRedisUrl(redisDatabase + 1),
      ...Object.fromEntries(made.map(([name, { url }]) => [`${name.toUpperCase()}_DATABASE_URL`, url])),
    },
    logDir,
    databases,
    remove: async () => {
      await Promise.all(made.map(([, database]) => database.drop()));
      await rm(logDir, { recursive: true });
    },
  };
}
