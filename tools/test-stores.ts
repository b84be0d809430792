// Vitest's global set-up: a Postgres and a Redis for this run, unless TEST_POSTGRES_URL and TEST_REDIS_URL name others, and
// a storage folder.
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isAlive } from './processes.ts';
import { startPostgres } from './stores/postgres.ts';
import { startRedis } from './stores/redis.ts';

const PREFIX = 'shop-test-';

/** Starts the stores that the environment does not name and names them there; the returned function removes them. */
export default async function setup(): Promise<() => Promise<void>> {
  // Processing the demo shop's images takes minutes of CPU: only tests about them switch it on.
  process.env['SEED_IMAGES'] ||= 'off';
  await sweep();
  const dir = await mkdtemp(join(tmpdir(), `${PREFIX}${process.pid}-`));
  process.env['STORAGE_DIR'] ||= join(dir, 'storage');
  const { TEST_POSTGRES_URL, TEST_REDIS_URL } = process.env;
  if (TEST_POSTGRES_URL && TEST_REDIS_URL) return () => rm(dir, { recursive: true });
  const [postgres, redis] = await Promise.all([
    startPostgres({ dir: join(dir, 'postgres'), databases: [], durable: false }),
    startRedis({ dir: join(dir, 'redis'), durable: false }),
  ]);
  process.env['TEST_POSTGRES_URL'] ||= postgres.superuserUrl;
  process.env['TEST_REDIS_URL'] ||= redis.url;
  return async () => {
    await Promise.all([postgres.stop(), redis.stop()]);
    await rm(dir, { recursive: true, force: true });
  };
}

/** Removes the stores of killed test runs. */
async function sweep(): Promise<void> {
  for (const name of await readdir(tmpdir())) {
    const [, pid] = new RegExp(`^${PREFIX}(\\d+)-`).exec(name) ?? [];
    if (!pid || isAlive(Number(pid))) continue;
    const dir = join(tmpdir(), name);
    // Starting adopts a server that still runs, so that it can be stopped.
    await startPostgres({ dir: join(dir, 'postgres'), databases: [], durable: false }).then(
      (left) => left.stop(),
      () => {},
    );
    await startRedis({ dir: join(dir, 'redis'), durable: false }).then(
      (left) => left.stop(),
      () => {},
    );
    await rm(dir, { recursive: true, force: true });
  }
}
