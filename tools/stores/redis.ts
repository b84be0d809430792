// A private Redis in one folder. In development one server has both roles: database 0 holds state, database 1 is the cache.
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { open, mkdir, readFile, realpath, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import writeFileAtomic from 'write-file-atomic';
import { freePort, isFree } from '../ports.ts';
import { until } from '../processes.ts';
import { Failure } from '../terminal.ts';
import { findRedis, type RedisProgram } from './redis-program.ts';

export interface RedisServer {
  port: number;
  /** Without a database number. */
  url: string;
  /** Stops it after it has written all data to disk. */
  stop(): Promise<void>;
}

export interface RedisServerOptions {
  /** Holds its files and its log; created when missing. */
  dir: string;
  /** False keeps data in memory only, for tests. */
  durable?: boolean;
}

/** Written before the server starts, so that a later command finds it even if this one is killed. */
interface Access {
  port: number;
  password: string;
}

export async function startRedis({ dir, durable = true }: RedisServerOptions): Promise<RedisServer> {
  await mkdir(dir, { recursive: true });
  const root = await realpath(dir);
  const access = (await readAccess(root)) ?? {
    port: await freePort(),
    password: randomBytes(18).toString('base64url'),
  };
  // One that already runs was left by a killed launcher, or serves another command.
  if (!(await isOurs(access))) await launch(root, access, durable);
  return { port: access.port, url: urlOf(access), stop: () => stop(access) };
}

/** Fails when no Redis answers at a configured URL. */
export async function checkRedis(name: string, url: string): Promise<void> {
  const answer = await ask(url, (redis) => redis.ping()).catch((error: Error) => error);
  if (answer instanceof Error)
    throw new Failure(`No Redis answers at ${name}=${withoutPassword(url)}: ${answer.message}`);
}

async function launch(root: string, access: Access, durable: boolean): Promise<void> {
  const program = await findRedis();
  if (!(await isFree(access.port))) access.port = await freePort();
  await writeFileAtomic(join(root, 'access.json'), JSON.stringify(access), { mode: 0o600 });
  await writeFile(join(root, 'redis.conf'), configuration(root, access, program, durable), { mode: 0o600 });
  const logFile = join(root, 'server.log');
  const log = await open(logFile, 'w');
  const [command = '', ...args] = program.command(root, access.port);
  // Detached, because Ctrl-C in the terminal must not stop it before the services.
  const server = spawn(command, args, { detached: true, stdio: ['ignore', log.fd, log.fd] });
  let ended: string | undefined;
  server.once('error', (error) => (ended = error.message));
  server.once('exit', (code) => (ended ??= `exit code ${code}`));
  server.unref();
  await log.close();
  // Loading an append-only file of some gigabytes takes a while.
  await until(async () => ended !== undefined || (await isOurs(access)), 120_000);
  if (ended === undefined && (await isOurs(access))) return;
  const lastLines = (await readFile(logFile, 'utf8')).trim().split('\n').slice(-8).join('\n  ');
  if (/No space left on device/.test(lastLines))
    throw new Failure('Redis did not start: the disk is full. Free some space and try again.');
  throw new Failure(`Redis did not start (${ended ?? 'no answer'}, log: ${logFile}):\n  ${lastLines}`);
}

function configuration(
  root: string,
  { port, password }: Access,
  { inContainer }: RedisProgram,
  durable: boolean,
): string {
  return [
    `port ${inContainer ? 6379 : port}`,
    `bind ${inContainer ? '0.0.0.0' : '127.0.0.1'}`,
    `dir "${inContainer ? '/data' : root}"`,
    `requirepass ${password}`,
    `appendonly ${durable ? 'yes' : 'no'}`,
    'save ""',
    'maxmemory-policy noeviction',
    '',
  ].join('\n');
}

/** Whether the server with this folder's password answers. A server without a password is not ours. */
async function isOurs(access: Access): Promise<boolean> {
  const answer = await ask(urlOf(access), (redis) => redis.config('GET', 'requirepass')).catch(() => []);
  return (answer as string[])[1] === access.password;
}

async function stop(access: Access): Promise<void> {
  await ask(urlOf(access), (redis) => redis.shutdown()).catch(() => {}); // closing the connection is the answer
  if (await until(() => isFree(access.port), 10_000)) return;
  throw new Failure(`Redis on port ${access.port} does not stop.`);
}

async function readAccess(root: string): Promise<Access | undefined> {
  const text = await readFile(join(root, 'access.json'), 'utf8').catch(() => undefined);
  return text === undefined ? undefined : (JSON.parse(text) as Access);
}

const urlOf = ({ port, password }: Access) => `redis://:${password}@127.0.0.1:${port}`;

async function ask<T>(url: string, question: (redis: Redis) => Promise<T>): Promise<T> {
  const redis = new Redis(url, {
    lazyConnect: true,
    retryStrategy: () => undefined,
    connectTimeout: 2000,
    commandTimeout: 5000,
    maxRetriesPerRequest: 0,
  });
  let cause: unknown; // the error of ioredis only says that the connection is closed
  redis.on('error', (error) => (cause = error));
  try {
    await redis.connect();
    return await question(redis);
  } catch (error) {
    throw cause ?? error;
  } finally {
    redis.disconnect();
  }
}

function withoutPassword(url: string): string {
  return url.replace(/\/\/[^@/]*@/, '//…@');
}
