// Where a Redis server comes from: the PATH, else a container, else Debian's package, else a line that says what to install.
import { existsSync } from 'node:fs';
import { access, constants, rm, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { run, until } from '../processes.ts';
import { Failure, step } from '../terminal.ts';

const IMAGE = 'redis:8';

/** A command that runs Redis in the foreground with the configuration file `redis.conf` of a folder. */
export interface RedisProgram {
  command(folder: string, port: number): string[];
  /** In a container the folder is /data, the port 6379, and every interface is the container's own. */
  inContainer: boolean;
}

export async function findRedis(): Promise<RedisProgram> {
  return (await onPath()) ?? (await inContainer()) ?? (await fromDebian()) ?? refuse();
}

async function onPath(): Promise<RedisProgram | undefined> {
  for (const name of ['redis-server', 'valkey-server'])
    for (const folder of (process.env['PATH'] ?? '').split(delimiter)) {
      const path = join(folder, name);
      const executable = await access(path, constants.X_OK).then(
        () => true,
        () => false,
      );
      if (executable) return { command: (root) => [path, join(root, 'redis.conf')], inContainer: false };
    }
  return undefined;
}

async function inContainer(): Promise<RedisProgram | undefined> {
  if ((await run(['docker', 'info'])).code !== 0) return undefined;
  const have = (await run(['docker', 'image', 'inspect', IMAGE])).code === 0;
  if (!have && !(await pull())) return undefined;
  const user = `${process.getuid?.() ?? 0}:${process.getgid?.() ?? 0}`;
  return {
    command: (root, port) => [
      'docker',
      'run',
      '--rm',
      '--label',
      'shop=redis',
      '--user',
      user,
      '-v',
      `${root}:/data`,
      '-p',
      `127.0.0.1:${port}:6379`,
      IMAGE,
      'redis-server',
      '/data/redis.conf',
    ],
    inContainer: true,
  };
}

/** False when no registry is within reach. */
async function pull(): Promise<boolean> {
  try {
    await step(`Fetching the container image ${IMAGE}`, async () => {
      const { code, output } = await run(['docker', 'pull', '--quiet', IMAGE]);
      if (code !== 0) throw new Failure(output.trim());
    });
    return true;
  } catch {
    return false;
  }
}

async function fromDebian(): Promise<RedisProgram | undefined> {
  if (process.getuid?.() !== 0 || (await run(['apt-get', '--version'])).code !== 0) return undefined;
  await step('Installing redis-server with apt-get', () => withoutStartingServices(aptInstall));
  return onPath();
}

async function aptInstall(): Promise<void> {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  // Another apt-get may hold a lock; the one on the package lists knows no waiting.
  const patience = ['-o', 'DPkg::Lock::Timeout=120'];
  await until(
    async () => {
      const { code, output } = await run(['apt-get', ...patience, 'update'], { env });
      return code === 0 || !/Could not get lock/.test(output);
    },
    120_000,
    1000,
  );
  const installed = await run(['apt-get', ...patience, 'install', '-y', '--no-install-recommends', 'redis-server'], {
    env,
  });
  if (installed.code === 0 || (await onPath())) return;
  const words = installed.output.trim().split('\n').slice(-4).join('\n  ');
  throw new Failure(`apt-get could not install redis-server:\n  ${words}\n${howToInstall}`);
}

/** Debian's package would start a Redis of its own on port 6379 and at every boot. */
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
  'or give REDIS_STATE_URL and REDIS_CACHE_URL (TEST_REDIS_URL for tests).';

function refuse(): never {
  throw new Failure(`The shop needs Redis, and there is none here. ${howToInstall}`);
}
