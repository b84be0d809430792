import { Log } from '@shop/kit/log';
import { testRedisUrl } from '@shop/kit/testing/stores';
import { SerializedJson } from '@shop/rpc/serialized-json';
import { Redis } from 'ioredis';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { SharedCache } from '../src/products/shared-cache.js';
import { eventually } from './catalog-under-test.js';
import { toggledRedis } from './toggled-redis.js';

let redis: Redis;
let cache: SharedCache;
let stopAll: (() => void)[] = [];

function open(database: number, url = testRedisUrl(database)) {
  const client = new Redis(url, { enableAutoPipelining: true });
  const cache = new SharedCache(client as ConstructorParameters<typeof SharedCache>[0], new Log('silent', 'test'));
  cache.onModuleInit();
  stopAll.push(() => {
    cache.onApplicationShutdown();
    client.disconnect();
  });
  return { client, cache };
}

beforeEach(async () => {
  ({ client: redis, cache } = open(4));
  await redis.flushdb();
});
afterEach(() => {
  for (const stop of stopAll) stop();
  stopAll = [];
});

const value = (text: string) => SerializedJson.of({ text });

it('does not store a value that was read before a change', async () => {
  const missed = await cache.get('thing');
  await cache.invalidate(['thing']);
  if (!missed.found) missed.put(value('old'), 60_000);
  const again = await cache.get('thing');
  expect(again.found).toBeUndefined();
  // Only the first reader of a missing key holds its lease and may store it.
  const late = await cache.get('thing');
  if (!late.found) late.put(value('late'), 60_000);
  if (!again.found) again.put(value('new'), 60_000);
  expect(await cache.get('thing')).toMatchObject({
    found: value('new'),
    ttlMs: expect.closeTo(60_000, -4) as number,
  });
});

it('announces changes only to replicas of the same shop, though databases of one Redis share channels', async () => {
  const { client, cache: other } = open(3);
  // Opened here, since one that has subscribed before it has a listener announces nothing to it.
  const { cache: own } = open(4);
  const heard: string[] = [];
  own.listen((keys) => heard.push(`here: ${String(keys)}`));
  other.listen((keys) => heard.push(`there: ${String(keys)}`));
  const [ours, theirs] = [4, 3].map((database) => `catalog:changed:${database}`);
  await eventually(async () => expect(await redis.pubsub('NUMSUB', ours!, theirs!)).toEqual([ours, 2, theirs, 1]));
  // Each drops everything when it has subscribed.
  await eventually(() => expect(new Set(heard)).toEqual(new Set(['here: all', 'there: all'])));
  heard.length = 0;
  await open(4).cache.invalidate(['thing']);
  await eventually(() => expect(heard).toEqual(['here: thing']));
  await open(3).cache.invalidate(['other-thing']);
  await eventually(() => expect(heard).toEqual(['here: thing', 'there: other-thing']));
  expect(client.options.db).toBe(3);
});

it('knows when it may miss changes, and drops all copies once it receives them again', async () => {
  const toggle = await toggledRedis(4);
  try {
    const { client, cache: remote } = open(4, toggle.url);
    client.on('error', () => undefined);
    const heard: unknown[] = [];
    remote.listen((keys) => heard.push(keys));
    await eventually(() => expect([remote.hearsOfChanges, heard]).toEqual([true, ['all']]));
    heard.length = 0;
    toggle.cut();
    await eventually(() => expect(remote.hearsOfChanges).toBe(false));
    toggle.open();
    await eventually(() => expect([remote.hearsOfChanges, heard]).toEqual([true, ['all']]));
  } finally {
    toggle.close();
  }
});
