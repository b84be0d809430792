// Redis is killed while pictures are under way, and comes back with what it had written down.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { photo } from '@shop/bench/suites/images-files';
import { isFree } from '@shop/tools/ports';
import { run } from '@shop/tools/processes';
import { placeReplicas } from '@shop/tools/replicas';
import { startSplit } from '@shop/tools/split-services';
import { startRedis, type RedisServer } from '@shop/tools/stores/redis';
import { Redis } from 'ioredis';
import { expect, onTestFinished, test, vi } from 'vitest';
import { freshShop } from '../fresh-shop.js';
import { Shopper } from '../shopper.js';

const PICTURES = 12;

/** Without a chance to write anything down. */
async function kill({ port, url }: RedisServer): Promise<void> {
  const container = (await run(['docker', 'ps', '--quiet', '--filter', `publish=${port}`])).output.trim();
  if (/^[0-9a-f]+$/.test(container)) {
    expect((await run(['docker', 'kill', container])).code).toBe(0);
  } else {
    const redis = new Redis(url);
    const pid = Number(/process_id:(\d+)/.exec(await redis.info('server'))?.[1]);
    redis.disconnect();
    process.kill(pid, 'SIGKILL');
  }
}

test('a Redis that is killed and started again has lost no picture and no session', async () => {
  const shop = await freshShop(13);
  const redisOptions = { dir: join(shop.logDir, 'redis') };
  let redis = await startRedis(redisOptions);
  const folder = await mkdtemp(join(tmpdir(), 'shop-test-restart-'));
  const split = startSplit({
    places: await placeReplicas({ orders: 0, payments: 0, 'image-worker': 1 }, 'free'),
    // No sweep comes in time: it is the queue which brings them back.
    env: {
      ...shop.env,
      ...{ STORAGE_DIR: folder, REDIS_STATE_URL: `${redis.url}/0`, IMAGE_CONCURRENCY: '1' },
      ...{ QUEUE_LOCK_MS: '2000', PICTURE_RETRY_SECONDS: '600' },
    },
    logDir: shop.logDir,
  });
  onTestFinished(async () => {
    await split.stop();
    await redis.stop();
    await shop.remove();
    await rm(folder, { recursive: true, force: true });
  });
  await split.ready();

  const door = split.gateways[0]!;
  const staff = new Shopper(door, { email: 'staff@shop.test', password: 'staff-password' });
  const cookie = (await staff.logIn()).headers.getSetCookie()[0]!.split(';')[0]!;
  const { items } = (await staff.get('/api/products?limit=20')).body as { items: { id: string }[] };
  for (let i = 0; i < PICTURES; i++) {
    const body = new Uint8Array(await photo(i, 900, 700));
    const url = `${door}/api/products/${items[i]!.id}/images`;
    expect((await fetch(url, { method: 'POST', headers: { cookie }, body })).status).toBe(202);
  }
  const inStatus = async (status: string) =>
    (await shop.databases.catalog.query('select from pictures where status = $1', [status])).length;
  await vi.waitFor(async () => expect(await inStatus('ready')).toBeGreaterThan(0), { timeout: 30_000 });

  const { url, port } = redis;
  await kill(redis);
  await vi.waitFor(async () => expect((await staff.get('/api/cart')).status).toBe(503), { timeout: 10_000 });
  expect(await inStatus('ready')).toBeLessThan(PICTURES - 2);
  await vi.waitFor(async () => expect(await isFree(port)).toBe(true), { timeout: 10_000 });
  redis = await startRedis(redisOptions);
  expect(redis.url).toBe(url);
  await vi.waitFor(async () => expect(await inStatus('ready')).toBe(PICTURES), { timeout: 60_000, interval: 100 });
  expect((await staff.get('/api/session')).body.customer).toMatchObject({ role: 'staff' });
});
