// Stripe's own mock, from the toolbox beside the repository. It keeps no state, but knows the shape of every call.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const toolbox =
  process.env['SHOP_TOOLBOX'] ?? fileURLToPath(new URL('../../../../../../../shared/tools', import.meta.url));

/** Downloads it the first time. */
export function findStripeMock(): { binary: string } | { missing: string } {
  const get = join(toolbox, 'get-stripe-mock');
  if (!existsSync(get)) return { missing: `there is no ${get} (SHOP_TOOLBOX says where the toolbox is)` };
  const { status, stdout, stderr } = spawnSync(get, { encoding: 'utf8', timeout: 240_000 });
  if (status !== 0) return { missing: `${get} failed: ${stderr.trim().split('\n').at(-1)}` };
  return { binary: stdout.trim().split('\n').at(-1)! };
}

export async function startStripeMock(binary: string) {
  const port = await freePort();
  const child = spawn(binary, ['-http-addr', `127.0.0.1:${port}`], { stdio: 'ignore' });
  const url = `http://127.0.0.1:${port}`;
  for (;;) {
    if (child.exitCode !== null) throw new Error(`stripe-mock ended with ${child.exitCode}`);
    if (await fetch(url).catch(() => undefined)) break;
  }
  return {
    url,
    async stop() {
      child.kill();
      await once(child, 'exit');
    },
  };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  return port;
}
