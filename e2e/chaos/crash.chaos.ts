import { afterAll, beforeAll, describe, test } from 'vitest';
import { shortWaits, startShop, type Shop } from '../shop.js';
import type { Shopper } from '../shopper.js';
import { killableStores } from '../stores.js';
import { failPoints } from './crash-points.js';
import { buyersFor, crashScenario } from './crash-scenario.js';

describe('kill -9 of a process at', () => {
  let shop: Shop;
  let buyers: Shopper[];
  beforeAll(async () => {
    shop = await startShop({ replicas: {}, env: shortWaits, stores: await killableStores() });
    buyers = await buyersFor(shop);
  });
  afterAll(() => shop?.stop());

  test.each(failPoints)('$name', (point) => crashScenario(shop, buyers, point));
});
