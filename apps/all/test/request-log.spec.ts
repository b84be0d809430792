import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { testRedisUrl } from '@shop/kit/testing/stores';
import { freePort } from '@shop/tools/ports';
import { startProcess } from '@shop/tools/service-process';
import { expect, test } from 'vitest';

test('every request is one line of the log, whether it is answered, refused or unknown', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'shop-log-'));
  const [port, opsPort] = [await freePort(), await freePort()];
  const logFile = join(dir, 'gateway.log');
  const gateway = startProcess({
    app: 'gateway',
    label: 'gateway',
    env: {
      ...process.env,
      PORT: String(port),
      OPS_PORT: String(opsPort),
      LOG_LEVEL: 'info',
      REDIS_STATE_URL: testRedisUrl(13),
      REDIS_CACHE_URL: testRedisUrl(14),
    },
    opsUrl: `http://127.0.0.1:${opsPort}`,
    logFile,
  });
  await gateway.ready();
  const asked = [
    { method: 'GET', url: '/api/session', status: 200 },
    { method: 'GET', url: '/api/orders', status: 401 },
    { method: 'POST', url: '/api/session', status: 400 },
    { method: 'GET', url: '/api/nothing?x=1', status: 404 },
    { method: 'PUT', url: '/api/docs', status: 405 },
  ];
  for (const [i, { method, url }] of asked.entries())
    await fetch(`http://127.0.0.1:${port}${url}`, { method, headers: { 'x-request-id': `asked-${i}` } });
  await gateway.stop();
  const lines = (await readFile(logFile, 'utf8'))
    .split('\n')
    .filter((line) => line.includes('asked-'))
    .map((line) => JSON.parse(line) as object);
  expect(lines).toMatchObject(asked.map((request, i) => ({ ...request, requestId: `asked-${i}`, service: 'gateway' })));
  await rm(dir, { recursive: true });
});
