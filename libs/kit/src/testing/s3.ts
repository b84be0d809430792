// A real S3 server over a temporary folder: versitygw, out of the toolbox beside the repository.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Env } from '../config.js';
import { testEnv } from './testing.config.js';

export interface S3Server {
  /** For processes that are to use it. */
  env: Env;
  /** Where objects lie, as files. */
  folder: string;
  stop(): Promise<void>;
}

/** How to start one, or why there is none; fetches it the first time. */
export function findS3(): { start: () => Promise<S3Server> } | { missing: string } {
  const toolbox = testEnv().SHOP_TOOLBOX ?? fileURLToPath(new URL('../../../../../shared/tools', import.meta.url));
  const get = join(toolbox, 'get-s3');
  if (!existsSync(get)) return { missing: `there is no ${get} (SHOP_TOOLBOX says where the toolbox is)` };
  const { status, stdout, stderr } = spawnSync(get, { encoding: 'utf8', timeout: 400_000 });
  if (status !== 0) return { missing: `${get} failed: ${stderr.trim().split('\n').at(-1)}` };
  const binary = stdout.trim().split('\n').at(-1)!;
  return { start: () => startS3(binary) };
}

async function startS3(binary: string): Promise<S3Server> {
  const root = await mkdtemp(join(tmpdir(), 'shop-test-s3-'));
  const folder = join(root, 'images');
  await mkdir(folder);
  const port = await freePort();
  const child = spawn(binary, ['--port', `127.0.0.1:${port}`, '--quiet', 'posix', root], {
    stdio: 'ignore',
    env: { ROOT_ACCESS_KEY: 'shop', ROOT_SECRET_KEY: 'shopsecret' },
  });
  const url = `http://127.0.0.1:${port}`;
  for (;;) {
    if (child.exitCode !== null) throw new Error(`versitygw ended with ${child.exitCode}`);
    if (await fetch(url).catch(() => undefined)) break;
  }
  return {
    env: {
      STORAGE: 's3',
      S3_ENDPOINT: url,
      S3_BUCKET: 'images',
      S3_ACCESS_KEY_ID: 'shop',
      S3_SECRET_ACCESS_KEY: 'shopsecret',
    },
    folder,
    stop: async () => {
      child.kill();
      if (child.exitCode === null) await once(child, 'exit');
      await rm(root, { recursive: true, force: true });
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
