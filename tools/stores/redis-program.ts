// Finds a Redis server: on the PATH, else as a container, else as Debian's package.
import { existsSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { hasImage } from '../container-image.ts';
import { findProgram, run, until } from '../processes.ts';
import { Failure, step } from '../terminal.ts';

const IMAGE = 'redis:8';

/** A command that runs Redis in the foreground with the file `redis.conf` of a folder. */
export interface RedisProgram {
  command(folder: string, port: number): string[];
  /** In a container the folder is /data, the port 6379, and Redis listens on every interface of the container. */
  inContainer: boolean;
}

export async function findRedis(): Promise<RedisProgram> {
  return onPath() ?? (await inContainer()) ?? (await fromDebian()) ?? refuse();
}

function onPath(): RedisProgram | undefined {
  const path = findProgram('redis-server', 'valkey-server');
  return path ? { command: (root) => [path, join(root, 'redis.conf')], inContainer: false } : undefined;
}

async function inContainer(): Promise<RedisProgram | undefined> {
  if (!(await hasImage(IMAGE))) return undefined;
  const user = `${process.getuid?.() ?? 0}:${process.getgid?.() ?? 0}`;
  return {
    command: (root, port) => [
      ...['docker', 'run', '--rm', '--label', 'shop=redis', '--user', user],
      ...['-v', `${root}:/data`, '-p', `127.0.0.1:${port}:6379`],
      ...[IMAGE, 'redis-server', '/data/redis.conf'],
    ],
    inContainer: true,
  };
}

async function fromDebian(): Promise<RedisProgram | undefined> {
  if (process.getuid?.() !== 0 || (await run(['apt-get', '--version'])).code !== 0) return undefined;
  await step('Installing redis-server with apt-get', () => withoutStartingServices(aptInstall));
  return onPath();
}

async function aptInstall(): Promise<void> {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  // Another apt-get may hold a lock. The timeout does not cover the lock on the package lists.
  const patience = ['-o', 'DPkg::Lock::Timeout=120'];
  const updated = async () => {
    const { code, output } = await run(['apt-get', ...patience, 'update'], { env });
    return code === 0 || !/Could not get lock/.test(output);
  };
  await until(updated, 120_000, 1000);
  const install = ['install', '-y', '--no-install-recommends', 'redis-server'];
  const installed = await run(['apt-get', ...patience, ...install], { env });
  if (installed.code === 0 || onPath()) return;
  const lastLines = installed.output.trim().split('\n').slice(-4).join('\n  ');
  throw new Failure(`apt-get could not install redis-server:\n  ${lastLines}\n${howToInstall}`);
}

/** Debian's package would start its own Redis on port 6379, now and at every boot. */
async function withoutStartingServices(work: () => Promise<void>): Promise<void> {
  const policy = '/usr/sbin/policy-rc.d';
  const ours = !existsSync(policy);
  if (ours) await writeFile(policy, '#!/bin/sh\nexit 101\n', { mode: 0o755 });
  try {
    await work();
  } finally {
    if (ours) await rm(policy, { force: true });
  }
  if (ours && existsSync('/run/systemd/system')) await run(['systemctl', 'disable', 'redis-server']);
}

const howToInstall =
  'Install one of: redis-server (Debian, Ubuntu: apt-get install redis-server), valkey-server, Docker; ' +
  'or set REDIS_STATE_URL and REDIS_CACHE_URL (TEST_REDIS_URL for tests).';

function refuse(): never {
  throw new Failure(`The shop needs Redis, and none was found. ${howToInstall}`);
}
