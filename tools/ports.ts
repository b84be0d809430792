// Free ports, and the process that occupies a port.
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { createServer } from 'node:net';
import { commandLine } from './processes.ts';

export async function isFree(port: number): Promise<boolean> {
  for (const host of ['127.0.0.1', '0.0.0.0', '::']) if (!(await canListen(port, host))) return false;
  return true;
}

/** A free port outside the range that the system uses for outgoing connections, which might take it at any moment. */
export async function freePort(taken: ReadonlySet<number> = new Set()): Promise<number> {
  for (;;) {
    const port = 15_000 + Math.floor(Math.random() * 15_000);
    if (!taken.has(port) && (await isFree(port))) return port;
  }
}

/** The host by which this machine reaches a server that listens on HOST. */
export function reachableHost(env: NodeJS.ProcessEnv): string {
  const host = env['HOST'] || '127.0.0.1';
  return ['0.0.0.0', '::', 'localhost'].includes(host) ? '127.0.0.1' : host;
}

/** The process that listens on a port: `pid 123, node server.js`. Empty when the system does not tell. */
export function holderOf(port: number): string {
  const pid = process.platform === 'linux' ? listenerPid(port) : lsof(port);
  return pid ? [`pid ${pid}`, commandLine(Number(pid)).slice(0, 80)].filter(Boolean).join(', ') : '';
}

function canListen(port: number, host: string): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    // Other errors do not mean that the port is taken: a machine without IPv6, a port that needs privileges.
    server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code !== 'EADDRINUSE'));
    server.listen({ port, host, exclusive: true }, () => server.close(() => resolve(true)));
  });
}

function listenerPid(port: number): string | undefined {
  const sockets = new Set(['tcp', 'tcp6'].flatMap((table) => listeningSockets(table, port)));
  const owns = (pid: string) =>
    (quietly(() => readdirSync(`/proc/${pid}/fd`)) ?? []).some((fd) =>
      sockets.has(quietly(() => readlinkSync(`/proc/${pid}/fd/${fd}`)) ?? ''),
    );
  return sockets.size === 0 ? undefined : readdirSync('/proc').find((name) => /^\d+$/.test(name) && owns(name));
}

/** As the links in /proc/PID/fd name them. */
function listeningSockets(table: string, port: number): string[] {
  const LISTEN = '0A';
  const address = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  const rows = quietly(() => readFileSync(`/proc/net/${table}`, 'utf8').split('\n').slice(1)) ?? [];
  return rows
    .map((row) => row.trim().split(/\s+/))
    .flatMap(([, local, , state, , , , , , inode]) =>
      local?.endsWith(address) && state === LISTEN && inode ? [`socket:[${inode}]`] : [],
    );
}

function lsof(port: number): string | undefined {
  const args = ['-ti', `tcp:${port}`, '-sTCP:LISTEN'];
  return quietly(() => execFileSync('lsof', args, { encoding: 'utf8' }).split('\n')[0]);
}

function quietly<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined; // the process has ended, or belongs to another user
  }
}
