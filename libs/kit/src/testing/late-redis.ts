// A way to Redis on which it is late with what it says of itself.
import { once } from 'node:events';
import { connect, createServer, type AddressInfo } from 'node:net';

/** Any INFO of a connection but the first, by which ioredis knows that it is ready, takes so much longer. */
export async function lateAboutItself(url: string, ms: number): Promise<{ url: string; close: () => void }> {
  const target = new URL(url);
  const server = createServer((near) => {
    let asked = 0;
    const far = connect(Number(target.port), target.hostname);
    near.on('data', (data) => {
      if (/^info\r$/im.test(String(data)) && ++asked > 1) setTimeout(() => far.write(data), ms);
      else far.write(data);
    });
    far.pipe(near);
    for (const socket of [near, far])
      socket.on('error', () => undefined).on('close', () => (near.destroy(), far.destroy()));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return { url: Object.assign(new URL(url), { hostname: '127.0.0.1', port }).href, close: () => server.close() };
}
