import type { StaffHealth } from '@shop/contracts/staff';
import { catalogRpc } from '@shop/contracts/catalog';
import { prefixOf } from '@shop/kit/queue';
import { stubService, type StubHandlers } from '@shop/kit/testing/services';
import { testRedisUrl } from '@shop/kit/testing/stores';
import { AppError } from '@shop/rpc/errors';
import { Queue } from 'bullmq';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openShop, Visitor, type Shop } from './shop.js';

let shop: Shop;
let staff: Visitor;
const queue = new Queue('image-worker', { connection: { url: testRedisUrl(9) }, prefix: prefixOf('image-worker') });
beforeAll(async () => {
  shop = await openShop({ RATE_LIMITS: 'off' });
  staff = await new Visitor(shop).logIn('sam@example.org');
});
afterAll(async () => {
  await queue.obliterate({ force: true });
  await queue.close();
  await shop.stop();
});

it('a proxy learns who is of staff', async () => {
  const access = async (visitor: Visitor) => (await visitor.get('/api/staff/access')).status;
  expect(await access(new Visitor(shop))).toBe(401);
  expect(await access(await new Visitor(shop).logIn())).toBe(403);
  expect(await access(await new Visitor(shop).logIn('sam@example.org'))).toBe(204);
});

describe('staff see of the health of the shop', () => {
  const health = async () => (await staff.get<StaffHealth>('/api/staff/health')).body;

  it('which services answer, and which of their replicas are well', async () => {
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

  it('what waits in the queues, and since when', async () => {
    await queue.add('processPicture', { payload: {} });
    await queue.add('processPicture', { payload: {} }, { priority: 3 });
    await queue.add('processPicture', { payload: {} }, { delay: 60_000 });
    const { queues } = await health();
    expect(queues!.map(({ name }) => name).sort()).toEqual(['image-worker', 'orders', 'payments']);
    expect(queues!.find(({ name }) => name === 'image-worker')).toEqual({
      name: 'image-worker',
      workers: expect.any(Number), // BullMQ counts those of the whole Redis, which other projects' tests use too.
      ...{ waiting: 1, prioritized: 1, active: 0, delayed: 1, failed: 0 },
      oldestSeconds: expect.any(Number),
    });
  });

  it('nothing, when they are not of staff', async () => {
    expect((await new Visitor(shop).get('/api/staff/health')).status).toBe(401);
    expect((await (await new Visitor(shop).logIn()).get('/api/staff/health')).status).toBe(403);
  });

  // Last, because another gateway begins with an empty Redis.
  it('a replica that is gone', async () => {
    const lost = await stubService(catalogRpc, shop.catalog as StubHandlers<typeof catalogRpc>);
    const other = await openShop({
      RATE_LIMITS: 'off',
      CATALOG_ADDRESSES: `${shop.fakes.catalog.address},${lost.address}`,
    });
    try {
      const visitor = await new Visitor(other).logIn('sam@example.org');
      const states = async () => {
        const { services } = (await visitor.get<StaffHealth>('/api/staff/health')).body;
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
