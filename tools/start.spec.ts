// npm start as users see it, on its own ports and in its own folder.
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { freePort, isFree } from './ports.ts';
import { isAlive, until } from './processes.ts';

vi.setConfig({ testTimeout: 120_000 }); // several starts of the whole shop on a busy machine

let dir: string;
let port: number;
let opsPort: number;
const launched: { child: ChildProcess; ended: Promise<void> }[] = [];

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'shop-start-'));
});
beforeEach(async () => {
  port = await freePort();
  opsPort = await freePort(new Set([port]));
});
afterEach(async () => {
  for (const { child, ended } of launched.splice(0)) {
    child.kill('SIGTERM');
    await ended;
  }
});
afterAll(() => rm(dir, { recursive: true, force: true }));

/** Starts what was built for this test run: a build here would replace files that other tests use. */
function start() {
  const env = { ...process.env, DATA_DIR: dir, PORT: String(port), OPS_PORT: String(opsPort) };
  const script = join(import.meta.dirname, 'start.ts');
  const child = spawn(process.execPath, [script, '--no-build'], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  const launcher = { child, output: '', code: undefined as number | undefined };
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (launcher.output += String(chunk)));
  const ended = new Promise<void>((resolve) =>
    child.once('close', (code) => resolve(void (launcher.code = code ?? -1))),
  );
  const open = async () => {
    await until(() => launcher.code !== undefined || launcher.output.includes('Ctrl-C'), 60_000);
    if (launcher.code !== undefined) throw new Error(launcher.output);
  };
  launched.push({ child, ended });
  return Object.assign(launcher, { ended, open });
}

const children = async () => {
  const running = JSON.parse(await readFile(join(dir, 'running.json'), 'utf8')) as { children: { pid: number }[] };
  return running.children.map(({ pid }) => pid);
};
const storePorts = async () =>
  Promise.all(
    ['postgres', 'redis'].map(async (store) => {
      const access = JSON.parse(await readFile(join(dir, store, 'access.json'), 'utf8')) as { port: number };
      return access.port;
    }),
  );
const nothingListens = async () => {
  for (const each of [port, opsPort, ...(await storePorts())]) if (!(await isFree(each))) return false;
  return true;
};

test('serves, shows how to log in, refuses a second start and leaves nothing running', async () => {
  const shop = start();
  await shop.open();
  expect(shop.output).toContain(`http://localhost:${port}`);
  expect(shop.output).toContain('demo@shop.test / demo-password');
  expect(shop.output).toContain(dir);
  const products = await fetch(`http://127.0.0.1:${port}/api/products?limit=1`);
  expect(products.status).toBe(200);

  const second = start();
  await second.ended;
  expect(second.code).toBe(1);
  expect(second.output).toContain(`The shop is already running at http://localhost:${port}`);

  const pids = await children();
  shop.child.kill('SIGINT');
  shop.child.kill('SIGINT'); // one Ctrl-C arrives several times
  await shop.ended;
  expect(shop.code).toBe(0);
  expect(pids.some(isAlive)).toBe(false);
  expect(await nothingListens()).toBe(true);
  expect(await readFile(join(dir, 'shop.log'), 'utf8')).toContain('"msg":"stopped"');
});

test('ends with the last lines of the log when the shop crashes', async () => {
  const shop = start();
  await shop.open();
  process.kill((await children())[0]!, 'SIGKILL');
  await shop.ended;
  expect(shop.code).toBe(1);
  expect(shop.output).toMatch(/The shop ended by itself \(signal SIGKILL\)\. Its last lines.*\n.*"msg":"ready"/);
  expect(await nothingListens()).toBe(true);
});

test('takes over after its launcher was killed', async () => {
  const killed = start();
  await killed.open();
  const left = await children();
  killed.child.kill('SIGKILL');
  await killed.ended;
  // Without a reader of its log the shop still serves.
  for (let i = 0; i < 100; i++) expect((await fetch(`http://127.0.0.1:${port}/api/products?limit=1`)).status).toBe(200);
  const shop = start();
  await shop.open();
  expect(left.some(isAlive)).toBe(false);
  expect((await fetch(`http://127.0.0.1:${port}/api/products?limit=1`)).status).toBe(200);
  shop.child.kill('SIGTERM');
  await shop.ended;
  expect(await nothingListens()).toBe(true);
});

test('reports a port in use with the process that holds it and a free port, before anything starts', async () => {
  const taker = createServer();
  await new Promise<void>((resolve) => taker.listen(port, '127.0.0.1', resolve));
  const shop = start();
  await shop.ended;
  taker.close();
  expect(shop.code).toBe(1);
  expect(shop.output).toMatch(
    new RegExp(`^\\s*Port ${port} is already in use by pid ${process.pid}, .*another with PORT=\\d+\\.\\s*$`),
  );
});
