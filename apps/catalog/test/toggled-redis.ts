// A proxy to the Redis of the test run that can cut or silence its connections.
import { connect, createServer, type Socket } from 'node:net';
import { testRedisUrl } from '@shop/kit/testing/stores';

export interface ToggledRedis {
  url: string;
  /** Connections break and new ones are refused. */
  cut(): void;
  /** Connections stay open, but no data passes. */
  silence(): void;
  open(): void;
  close(): void;
}

export async function toggledRedis(database: number): Promise<ToggledRedis> {
  const target = new URL(testRedisUrl(database));
  const sockets = new Set<Socket>();
  let state: 'open' | 'silent' | 'cut' = 'open';
  const server = createServer((client) => {
    if (state === 'cut') return void client.destroy();
    const redis = connect(Number(target.port), target.hostname);
    for (const [from, to] of [
      [client, redis],
      [redis, client],
    ] as const) {
      sockets.add(from);
      if (state === 'silent') from.pause();
      from.on('data', (data) => to.write(data));
      from.on('error', () => undefined);
      from.on('close', () => {
        sockets.delete(from);
        to.destroy();
      });
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  const each = (act: (socket: Socket) => void) => [...sockets].forEach(act);
  return {
    url: Object.assign(new URL(target), { host: `127.0.0.1:${port}` }).href,
    cut: () => {
      state = 'cut';
      each((socket) => socket.destroy());
    },
    silence: () => {
      state = 'silent';
      each((socket) => socket.pause());
    },
    open: () => {
      state = 'open';
      each((socket) => socket.resume());
    },
    close: () => {
      each((socket) => socket.destroy());
      server.close();
    },
  };
}
