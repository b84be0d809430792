import { afterAll, beforeAll, describe, test } from 'vitest';
import { crashPoints } from '../test/crash-points.js';
import { buyersFor, crashTrial } from '../test/crash-trial.js';
import type { Shopper } from '../test/shopper.js';
import { startProveShop, type ProveShop } from './prove-shop.js';

describe('kill -9 of a process at', () => {
  let shop: ProveShop;
  let buyers: Shopper[];
  beforeAll(async () => {
    shop = await startProveShop();
    buyers = await buyersFor(shop);
  });
  afterAll(() => shop?.stop());

  test.each(crashPoints)('$name', (point) => crashTrial(shop, buyers, point));
});
