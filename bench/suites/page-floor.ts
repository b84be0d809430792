// The floor of a product page: plain Fastify in front of Redis, in its own process, with the same bytes.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { Redis } from 'ioredis';
import { freePort } from '@shop/tools/ports';

export interface PageFloor {
  /** host:port */
  address: string;
  pid: number;
  redisPid: number;
  stop(): Promise<void>;
}

const KEY = 'bench:product';

export async function startPageFloor(redisUrl: string, page: Buffer): Promise<PageFloor> {
  const redis = new Redis(redisUrl);
  await redis.set(KEY, page);
  const info = await redis.info('server');
  redis.disconnect();
  const port = await freePort();
  const script = new URL('./redis-floor.ts', import.meta.url).pathname;
  const child = fork(script, [redisUrl, KEY, String(port)], { execArgv: [] });
  await once(child, 'message');
  return {
    ...{ address: `127.0.0.1:${port}`, pid: child.pid!, redisPid: Number(/process_id:(\d+)/.exec(info)![1]) },
    stop: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const ended = once(child, 'exit');
      child.kill('SIGTERM');
      await ended;
    },
  };
}

/** The path of any product and the bytes of its page. */
export async function productPage(gatewayUrl: string): Promise<{ path: string; page: Buffer }> {
  const list = await fetch(`${gatewayUrl}/api/products?limit=1`);
  const { items } = (await list.json()) as { items: { id: string }[] };
  const path = `/api/products/${items[0]!.id}`;
  return { path, page: Buffer.from(await (await fetch(gatewayUrl + path)).arrayBuffer()) };
}
