import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createTestDatabase, testRedisUrl } from '@shop/kit/testing/stores';
import { freePort } from '@shop/tools/ports';
import { startProcess, type ServiceProcess } from '@shop/tools/service-process';
import pg from 'pg';
import { expect, test } from 'vitest';

interface Processes {
  dir: string;
  url: string;
  logOf(app: string): Promise<object[]>;
  stop(): Promise<void>;
}

/** Each of `apps` as a process of its own, of which the last one has the public door. */
async function startProcesses(apps: string[], env: Record<string, string> = {}): Promise<Processes> {
  const dir = await mkdtemp(join(tmpdir(), 'shop-log-'));
  const logFile = (app: string) => join(dir, `${app}.log`);
  const port = await freePort();
  const stores = { REDIS_STATE_URL: testRedisUrl(13), REDIS_CACHE_URL: testRedisUrl(14) };
  const addresses: Record<string, string> = {};
  const processes: ServiceProcess[] = [];
  for (const app of apps) {
    const [opsPort, rpcPort] = [await freePort(), await freePort()];
    const ports = { PORT: String(port), OPS_PORT: String(opsPort), RPC_PORT: String(rpcPort) };
    processes.push(
      startProcess({
        ...{ app, label: app, logFile: logFile(app), opsUrl: `http://127.0.0.1:${opsPort}` },
        env: { ...process.env, LOG_LEVEL: 'info', ...stores, ...addresses, ...env, ...ports },
      }),
    );
    addresses[`${app.toUpperCase()}_ADDRESSES`] = `127.0.0.1:${rpcPort}`;
  }
  await Promise.all(processes.map((each) => each.ready()));
  return {
    ...{ dir, url: `http://127.0.0.1:${port}` },
    logOf: async (app) =>
      (await readFile(logFile(app), 'utf8'))
        .split('\n')
        .filter((line) => line.startsWith('{'))
        .map((line) => JSON.parse(line) as object),
    stop: async () => {
      await Promise.all(processes.map((each) => each.stop()));
    },
  };
}

test('every request is one line of the log, whether it is answered, refused or unknown', async () => {
  const gateway = await startProcesses(['gateway']);
  const asked = [
    { method: 'GET', url: '/api/session', status: 200 },
    { method: 'GET', url: '/api/orders', status: 401 },
    { method: 'POST', url: '/api/session', status: 400 },
    { method: 'GET', url: '/api/nothing?x=1', status: 404 },
    { method: 'PUT', url: '/api/docs', status: 405 },
    { method: 'GET', url: '/api/staff/orders?q=ada%40example.org', status: 401 },
  ];
  for (const [i, { method, url }] of asked.entries())
    await fetch(`${gateway.url}${url}`, { method, headers: { 'x-request-id': `asked-${i}` } });
  await gateway.stop();
  const lines = (await gateway.logOf('gateway')).filter((line) => JSON.stringify(line).includes('asked-'));
  expect(lines).toMatchObject(
    asked.map(({ url, ...request }, i) => ({
      ...{ ...request, url: url.replace(/q=.*/, '…') },
      ...{ requestId: `asked-${i}`, service: 'gateway' },
    })),
  );
  await rm(gateway.dir, { recursive: true });
});

test('why a list failed is in the log of the service that has it, and in that of the gateway', async () => {
  const database = await createTestDatabase('catalog');
  const shop = await startProcesses(['catalog', 'gateway'], { CATALOG_DATABASE_URL: database.url, SEED: 'none' });
  const holder = new pg.Client({ connectionString: database.url });
  await holder.connect();
  await holder.query('begin');
  await holder.query('lock table products in access exclusive mode');
  const answer = await fetch(`${shop.url}/api/products`, { headers: { 'x-request-id': 'asked-for-a-list' } });
  expect(answer.status).toBe(503);
  const linesOf = async (service: string) =>
    (await shop.logOf(service)).filter((line) => (line as { requestId?: string }).requestId === 'asked-for-a-list');
  const call = { callee: 'catalog', procedure: 'catalog.listProducts', code: 'unavailable' };
  await expect.poll(async () => (await linesOf('catalog')).length, { timeout: 20_000 }).toBeGreaterThan(0);
  await holder.query('rollback');
  await holder.end();
  await shop.stop();
  const text = expect.stringMatching(/./) as string;
  expect(await linesOf('catalog')).toContainEqual(
    expect.objectContaining({
      ...call,
      msg: 'call failed',
      side: 'server',
      reason: expect.stringContaining('57014') as string,
    }),
  );
  expect(await linesOf('gateway')).toEqual([
    expect.objectContaining({ ...call, msg: 'call failed', side: 'caller', reason: text }),
    expect.objectContaining({
      msg: 'request failed',
      url: '/api/products',
      status: 503,
      code: 'unavailable',
      reason: text,
    }),
  ]);
  await rm(shop.dir, { recursive: true });
  await database.drop();
});
