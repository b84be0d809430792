// Finding free ports, and who holds one that is not.
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { createServer } from 'node:net';

export async function isFree(port: number): Promise<boolean> {
  for (const host of ['127.0.0.1', '0.0.0.0', '::']) if (!(await canListen(port, host))) return false;
  return true;
}

/** A port nobody listens on, out of a range that the system does not use for outgoing connections. */
export async function freePort(taken: ReadonlySet<number> = new Set()): Promise<number> {
  for (;;) {
    const port = 15_000 + Math.floor(Math.random() * 15_000);
    if (!taken.has(port) && (await isFree(port))) return port;
  }
}

/** Where this machine reaches what listens on HOST. */
export function reachableHost(env: NodeJS.ProcessEnv): string {
  const host = env['HOST'] || '127.0.0.1';
  return ['0.0.0.0', '::', 'localhost'].includes(host) ? '127.0.0.1' : host;
}

/** The process that listens on a port, as far as the system tells: `pid 123, node server.js`, or ''. */
export function holderOf(port: number): string {
  const pid = process.platform === 'linux' ? listenerPid(port) : lsof(port);
  if (!pid) return '';
  const command =
    process.platform === 'linux' ? readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ') : '';
  return `pid ${pid}${command ? `, ${command.trim().slice(0, 80)}` : ''}`;
}

function canListen(port: number, host: string): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    // Any other error is none of somebody else's listening: no IPv6 here, or no right to this port.
    server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code !== 'EADDRINUSE'));
    server.listen({ port, host, exclusive: true }, () => server.close(() => resolve(true)));
  });
}

function listenerPid(port: number): string | undefined {
  const inodes = new Set(['tcp', 'tcp6'].flatMap((table) => listeningInodes(table, port)));
  if (inodes.size === 0) return undefined;
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .find((pid) => openSockets(pid).some((inode) => inodes.has(inode)));
}

function listeningInodes(table: string, port: number): string[] {
  const address = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  const rows = quietly(() => readFileSync(`/proc/net/${table}`, 'utf8').split('\n').slice(1)) ?? [];
  const columns = rows.map((row) => row.trim().split(/\s+/));
  return columns.flatMap(([, local, , state, , , , , , inode]) =>
    local?.endsWith(address) && state === '0A' && inode ? [inode] : [],
  );
}

function openSockets(pid: string): string[] {
  const names = quietly(() => readdirSync(`/proc/${pid}/fd`)) ?? [];
  return names.flatMap(
    (fd) => /^socket:\[(\d+)\]$/.exec(quietly(() => readlinkSync(`/proc/${pid}/fd/${fd}`)) ?? '')?.[1] ?? [],
  );
}

function lsof(port: number): string | undefined {
  return quietly(
    () => execFileSync('lsof', ['-ti', `tcp:${port}`, '-sTCP:LISTEN'], { encoding: 'utf8' }).split('\n')[0],
  );
}

function quietly<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined; // the process is gone, or not ours to see
  }
}
