import { setTimeout } from 'node:timers/promises';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { shortWaits, startShop, type Shop } from '../shop.js';
import { killableStores, type KillableStores } from '../stores.js';
import { Load } from './load.js';

const ROUNDS = 20;
const victims = Array.from({ length: ROUNDS }, (_, i) => ({
  round: i + 1,
  victim: i % 2 === 0 ? 'Postgres' : 'Redis state',
}));

describe('kill -9 under load of', () => {
  let stores: KillableStores;
  let shop: Shop;
  let load: Load;
  beforeAll(async () => {
    stores = await killableStores();
    const replicas = { gateway: 2, orders: 2, payments: 2, catalog: 2 };
    shop = await startShop({ replicas, env: shortWaits, stores });
    load = await Load.of(shop, 6);
  });
  afterAll(() => shop?.stop());

  test.each(victims)('$victim, round $round', async ({ victim }) => {
    load.start();
    await setTimeout(300 + Math.random() * 1500);
    await (victim === 'Postgres' ? stores.killPostgres() : stores.killRedis());
    await setTimeout(500);
    await load.pause();
    await load.verify();
  });
});
