import { afterAll, beforeAll, describe, test } from 'vitest';
import { crashPoints } from './crash-points.js';
import { buyersFor, crashScenario } from './crash-scenario.js';
import type { Shopper } from '../shopper.js';
import { startChaosShop, type ChaosShop } from './chaos-shop.js';

describe('kill -9 of a process at', () => {
  let shop: ChaosShop;
  let buyers: Shopper[];
  beforeAll(async () => {
    shop = await startChaosShop();
    buyers = await buyersFor(shop);
  });
  afterAll(() => shop?.stop());

  test.each(crashPoints)('$name', (point) => crashScenario(shop, buyers, point));
});
