import { mkdir, mkdtemp, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { isAlive, until } from '../processes.ts';
import { startPostgres, type Postgres } from './postgres.ts';

const databases = ['accounts', 'catalog'];
let dir: string;
let running: Postgres | undefined;

const start = async () => (running = await startPostgres({ dir, databases, durable: false }));
const stop = async () => {
  await running?.stop();
  running = undefined;
};
const pidFile = () => join(dir, 'cluster', 'postmaster.pid');
const serverPid = async () => Number((await readFile(pidFile(), 'utf8')).split('\n')[0]);

async function ask(url: string, text: string): Promise<unknown> {
  const client = new pg.Client(url);
  await client.connect();
  try {
    return (await client.query({ text, rowMode: 'array' })).rows[0]?.[0];
  } finally {
    await client.end();
  }
}

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'shop-postgres-'));
  await mkdir(join(dir, 'cluster.new', 'base'), { recursive: true }); // left by an interrupted initdb
});
afterEach(stop);
afterAll(() => rm(dir, { recursive: true, force: true }));

test('each service owns its database and cannot connect to others', async () => {
  const { urls } = await start();
  await ask(urls['accounts']!, 'create table things (name text)');
  await ask(urls['accounts']!, `insert into things values ('kept')`);
  const own = new URL(urls['accounts']!);
  for (const foreign of ['catalog', 'postgres', 'template1'])
    await expect(ask(Object.assign(own, { pathname: `/${foreign}` }).href, 'select 1')).rejects.toThrow(
      'permission denied',
    );
  const guessed = urls['catalog']!.replace(/:[^:@]+@/, ':guessed@');
  await expect(ask(guessed, 'select 1')).rejects.toThrow('password authentication failed');
  expect(((await stat(join(dir, 'access.json'))).mode & 0o077).toString(8)).toBe('0');
});

test('data, addresses and passwords survive a restart', async () => {
  const { urls } = await start();
  expect(await ask(urls['accounts']!, 'select name from things')).toBe('kept');
  await stop();
  const again = await start();
  expect(again.urls).toEqual(urls);
  expect(await ask(again.urls['accounts']!, 'select name from things')).toBe('kept');
});

test('collects statistics of statements', async () => {
  const { superuserUrl } = await start();
  expect(Number(await ask(superuserUrl, 'select count(*) from pg_stat_statements'))).toBeGreaterThan(0);
});

test('adopts a server left by a killed launcher', async () => {
  await start();
  const pid = await serverPid();
  const adopted = await start();
  expect(await serverPid()).toBe(pid);
  await adopted.stop();
  expect(isAlive(pid)).toBe(false);
});

test('restarts with its data after the server was killed', async () => {
  const { urls } = await start();
  const pid = await serverPid();
  process.kill(pid, 'SIGKILL');
  await until(() => !isAlive(pid), 5000);
  await start();
  expect(await ask(urls['accounts']!, 'select name from things')).toBe('kept');
});

test('ignores a pid file whose pid belongs to another program by now', async () => {
  await writeFile(pidFile(), `${process.pid}\n${join(dir, 'cluster')}\n`);
  const { urls } = await start();
  expect(await ask(urls['accounts']!, 'select name from things')).toBe('kept');
});

test('reports lost passwords and keeps the data', async () => {
  const file = join(dir, 'access.json');
  await rename(file, `${file}.away`);
  await expect(start()).rejects.toThrow(`${file} holds the passwords`);
  await rename(`${file}.away`, file);
});

test('leaves another Postgres alone when a stale pid file names its pid', async () => {
  const otherDir = await mkdtemp(join(tmpdir(), 'shop-postgres-'));
  const other = await startPostgres({ dir: otherDir, databases, durable: false });
  try {
    const [pid] = (await readFile(join(otherDir, 'cluster', 'postmaster.pid'), 'utf8')).split('\n');
    await writeFile(pidFile(), `${pid}\n${join(dir, 'cluster')}\n`);
    const { urls } = await start();
    expect(await ask(urls['accounts']!, 'select name from things')).toBe('kept');
    expect(await ask(other.superuserUrl, 'select 1')).toBe(1);
  } finally {
    await other.stop();
    await rm(otherDir, { recursive: true, force: true });
  }
});

test('refuses data of another major version and keeps it', async () => {
  const version = join(dir, 'cluster', 'PG_VERSION');
  const actual = await readFile(version, 'utf8');
  await writeFile(version, '15\n');
  await expect(start()).rejects.toThrow(/was made by Postgres 15, this shop runs Postgres \d+\. It was left untouched/);
  await writeFile(version, actual);
});
