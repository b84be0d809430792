// Redis is killed while images are being processed, and restarts from its append-only file.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { photo } from '@shop/bench/suites/images-files';
import { isFree } from '@shop/tools/ports';
import { startRedis } from '@shop/tools/stores/redis';
import { expect, onTestFinished, test, vi } from 'vitest';
import { startShop } from '../shop.js';
import { killServer } from '../stores.js';

const IMAGES = 12;

test('a Redis that is killed and started again has lost no image and no session', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'shop-test-restart-'));
  const redisOptions = { dir: join(dir, 'redis') };
  let redis = await startRedis(redisOptions);
  const shop = await startShop({
    replicas: { orders: 0, payments: 0 },
    // Sweeps are too rare to matter here: the queue resumes the work.
    env: {
      ...{ STORAGE_DIR: join(dir, 'storage'), REDIS_STATE_URL: `${redis.url}/0`, IMAGE_CONCURRENCY: '1' },
      ...{ QUEUE_LOCK_MS: '2000', PICTURE_RETRY_SECONDS: '600' },
    },
  });
  onTestFinished(async () => {
    await shop.stop();
    await redis.stop();
    await rm(dir, { recursive: true, force: true });
  });

  const staff = await shop.staff();
  const { items } = (await staff.get('/api/products?limit=20')).body as { items: { id: string }[] };
  for (let i = 0; i < IMAGES; i++) {
    expect((await staff.addImage(items[i]!.id, await photo(i, 900, 700))).status).toBe(202);
  }
  const inStatus = async (status: string) =>
    (await shop.databases.catalog.query('select from pictures where status = $1', [status])).length;
  await vi.waitFor(async () => expect(await inStatus('ready')).toBeGreaterThan(0), { timeout: 30_000 });

  const { url, port } = redis;
  killServer(redis);
  await vi.waitFor(async () => expect((await staff.get('/api/cart')).status).toBe(503), { timeout: 10_000 });
  expect(await inStatus('ready')).toBeLessThan(IMAGES - 2);
  await vi.waitFor(async () => expect(await isFree(port)).toBe(true), { timeout: 10_000 });
  redis = await startRedis(redisOptions);
  expect(redis.url).toBe(url);
  await vi.waitFor(async () => expect(await inStatus('ready')).toBe(IMAGES), { timeout: 60_000, interval: 100 });
  expect((await staff.get('/api/session')).body.customer).toMatchObject({ role: 'staff' });
});
