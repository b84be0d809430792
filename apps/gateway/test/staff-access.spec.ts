import type { StaffHealth } from '@shop/contracts/staff';
import { catalogRpc } from '@shop/contracts/catalog';
import { prefixOf } from '@shop/kit/queue';
import { stubService, type StubHandlers } from '@shop/kit/testing/services';
import { testRedisUrl } from '@shop/kit/testing/stores';
import { AppError } from '@shop/rpc/errors';
import { Queue } from 'bullmq';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openShop, Client, type Shop } from './shop.js';

let shop: Shop;
let staff: Client;
const queue = new Queue('image-worker', { connection: { url: testRedisUrl(9) }, prefix: prefixOf('image-worker') });
beforeAll(async () => {
  shop = await openShop({ RATE_LIMITS: 'off' });
  staff = await new Client(shop).logIn('sam@example.org');
});
afterAll(async () => {
  await queue.obliterate({ force: true });
  await queue.close();
  await shop.stop();
});

it('the auth check for proxies returns 204 for staff only', async () => {
  const access = async (client: Client) => (await client.get('/api/staff/access')).status;
  expect(await access(new Client(shop))).toBe(401);
  expect(await access(await new Client(shop).logIn())).toBe(403);
  expect(await access(await new Client(shop).logIn('sam@example.org'))).toBe(204);
});

describe('the health of the shop', () => {
  const health = async () => (await staff.get<StaffHealth>('/api/staff/health')).body;

  it('shows which services answer and the state of their replicas', async () => {
    const before = shop.payments.getCredit;
    shop.payments.getCredit = () => {
      throw new AppError('unavailable');
    };
    const { services } = await health();
    shop.payments.getCredit = before;
    expect(Object.fromEntries(services.map(({ name, up }) => [name, up]))).toEqual({
      accounts: true,
      catalog: true,
      orders: true,
      payments: false,
    });
    const replicas = [{ address: shop.fakes.orders.address, state: 'ready' }];
    expect(services.find(({ name }) => name === 'orders')!.replicas).toEqual(replicas);
  });

  it('shows the jobs in the queues and the age of the oldest', async () => {
    await queue.add('processPicture', { payload: {} });
    await queue.add('processPicture', { payload: {} }, { priority: 3 });
    await queue.add('processPicture', { payload: {} }, { delay: 60_000 });
    const { queues } = await health();
    expect(queues!.map(({ name }) => name).sort()).toEqual(['image-worker', 'orders', 'payments']);
    expect(queues!.find(({ name }) => name === 'image-worker')).toEqual({
      name: 'image-worker',
      workers: expect.any(Number), // BullMQ counts the workers of the whole Redis server, which other projects' tests use too.
      ...{ waiting: 1, prioritized: 1, active: 0, delayed: 1, failed: 0 },
      oldestSeconds: expect.any(Number),
    });
  });

  it('rejects clients that are not staff', async () => {
    expect((await new Client(shop).get('/api/staff/health')).status).toBe(401);
    expect((await (await new Client(shop).logIn()).get('/api/staff/health')).status).toBe(403);
  });

  // Last, because opening another shop empties Redis.
  it('shows a replica that is down', async () => {
    const lost = await stubService(catalogRpc, shop.catalog as StubHandlers<typeof catalogRpc>);
    const other = await openShop({
      RATE_LIMITS: 'off',
      CATALOG_ADDRESSES: `${shop.fakes.catalog.address},${lost.address}`,
    });
    try {
      const client = await new Client(other).logIn('sam@example.org');
      const states = async () => {
        const { services } = (await client.get<StaffHealth>('/api/staff/health')).body;
        return services.find(({ name }) => name === 'catalog')!.replicas.map(({ state }) => state);
      };
      await expect.poll(states).toEqual(['ready', 'ready']);
      await lost.stop();
      await expect.poll(states).toEqual(['ready', 'down']);
    } finally {
      await other.stop();
    }
  });
});
