import { expect, test } from 'vitest';
import { only, startShop } from '../shop.js';
import { lock } from '../stores.js';

test('every request is one log line, whether it succeeds, is refused or has no route', async () => {
  const shop = await startShop({ replicas: only('gateway') });
  const asked = [
    { method: 'GET', url: '/api/session', status: 200 },
    { method: 'GET', url: '/api/orders', status: 401 },
    { method: 'POST', url: '/api/session', status: 400 },
    { method: 'GET', url: '/api/nothing?x=1', status: 404 },
    { method: 'PUT', url: '/api/docs', status: 405 },
    { method: 'GET', url: '/api/staff/orders?q=ada%40example.org', status: 401 },
  ];
  for (const [i, { method, url }] of asked.entries())
    await fetch(`${shop.url}${url}`, { method, headers: { 'x-request-id': `asked-${i}` } });
  await shop.halt();
  const lines = (await shop.logOf('gateway')).filter((line) => JSON.stringify(line).includes('asked-'));
  expect(lines).toMatchObject(
    asked.map(({ url, ...request }, i) => ({
      ...{ ...request, url: url.replace(/q=.*/, '…') },
      ...{ requestId: `asked-${i}`, service: 'gateway' },
    })),
  );
  await shop.stop();
});

test('the reason why a list failed is logged by its service and by the gateway', async () => {
  const shop = await startShop({ replicas: only('catalog', 'gateway'), env: { SEED: 'none' } });
  const unlock = await lock(shop.databases.catalog, 'lock table products in access exclusive mode');
  const answer = await fetch(`${shop.url}/api/products`, { headers: { 'x-request-id': 'asked-for-a-list' } });
  expect(answer.status).toBe(503);
  const linesOf = async (service: 'catalog' | 'gateway') =>
    (await shop.logOf<{ requestId?: string }>(service)).filter(({ requestId }) => requestId === 'asked-for-a-list');
  const call = { callee: 'catalog', procedure: 'catalog.listProducts', code: 'unavailable' };
  await expect.poll(async () => (await linesOf('catalog')).length, { timeout: 20_000 }).toBeGreaterThan(0);
  await unlock();
  await shop.halt();
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
  await shop.stop();
});
