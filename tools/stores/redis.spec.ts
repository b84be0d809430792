import { link, mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { isFree } from '../ports.ts';
import { checkRedis, startRedis, type RedisServer } from './redis.ts';

let dir: string;
let running: RedisServer | undefined;

const start = async () => (running = await startRedis({ dir }));
const stop = async () => {
  await running?.stop();
  running = undefined;
};

async function ask<T>(url: string, question: (redis: Redis) => Promise<T>): Promise<T> {
  const redis = new Redis(url);
  try {
    return await question(redis);
  } finally {
    redis.disconnect();
  }
}

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'shop redis ')); // a space in the path, as is common on desktops
});
afterEach(stop);
afterAll(() => rm(dir, { recursive: true, force: true }));

test('data and address survive a restart', async () => {
  const { url } = await start();
  await ask(url, (redis) => redis.set('cart', 'full'));
  await stop();
  expect((await start()).url).toBe(url);
  expect(await ask(url, (redis) => redis.get('cart'))).toBe('full');
});

test('never evicts data and requires its password', async () => {
  const { url, port } = await start();
  expect(await ask(url, (redis) => redis.config('GET', 'maxmemory-policy'))).toEqual([
    'maxmemory-policy',
    'noeviction',
  ]);
  await expect(checkRedis('REDIS_STATE_URL', `redis://127.0.0.1:${port}`)).rejects.toThrow('NOAUTH');
});

test('adopts a server left by a killed launcher', async () => {
  const { url } = await start();
  await ask(url, (redis) => redis.set('left', 'over'));
  const adopted = await start();
  expect(await ask(adopted.url, (redis) => redis.get('left'))).toBe('over');
  await adopted.stop();
  expect(await isFree(adopted.port)).toBe(true);
});

test('moves to another port when its own is taken', async () => {
  const { port } = await start();
  await stop();
  // The note is replaced atomically, so that a launcher killed meanwhile does not lose the password.
  const [note, before] = [join(dir, 'access.json'), join(dir, 'access.before')];
  await link(note, before);
  const taker = createServer((socket) => socket.destroy());
  await new Promise<void>((resolve) => taker.listen(port, '127.0.0.1', resolve));
  try {
    const moved = await start();
    expect(moved.port).not.toBe(port);
    expect(JSON.parse(await readFile(before, 'utf8'))).toMatchObject({ port });
    expect(JSON.parse(await readFile(note, 'utf8'))).toMatchObject({ port: moved.port });
    expect(await ask(moved.url, (redis) => redis.get('cart'))).toBe('full');
  } finally {
    taker.close();
  }
});

test('names a configured URL without an answer, but not its password', async () => {
  await expect(checkRedis('REDIS_CACHE_URL', 'redis://:secret@127.0.0.1:1/1')).rejects.toThrow(
    'No Redis answers at REDIS_CACHE_URL=redis://…@127.0.0.1:1/1',
  );
});
