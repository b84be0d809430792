import { setTimeout } from 'node:timers/promises';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { Load } from './load.js';
import { startChaosShop, type ChaosShop } from './chaos-shop.js';

const ROUNDS = 20;
const victims = Array.from({ length: ROUNDS }, (_, i) => ({
  round: i + 1,
  victim: i % 2 === 0 ? 'Postgres' : 'Redis state',
}));

describe('kill -9 under load of', () => {
  let shop: ChaosShop;
  let load: Load;
  beforeAll(async () => {
    shop = await startChaosShop({ replicas: { gateway: 2, orders: 2, payments: 2, catalog: 2 } });
    load = await Load.of(shop, 6);
  });
  afterAll(() => shop?.stop());

  test.each(victims)('$victim, round $round', async ({ victim }) => {
    load.start();
    await setTimeout(300 + Math.random() * 1500);
    await (victim === 'Postgres' ? shop.killPostgres() : shop.killRedis());
    await setTimeout(500);
    await load.pause();
    await load.verify();
  });
});
