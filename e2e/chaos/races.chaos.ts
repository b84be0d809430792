import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { shortWaits, startShop, type Shop } from '../shop.js';
import { killableStores } from '../stores.js';
import { disagreements } from './books.js';
import { tooLate, twoTabs } from './cart-scenarios.js';
import { identicalPosts, oneCreditTwice, registered, rush } from './races.js';

describe('through two gateways at once', () => {
  let shop: Shop;
  beforeAll(async () => {
    const replicas = { gateway: 2, catalog: 2, orders: 2, payments: 2 };
    shop = await startShop({ replicas, env: shortWaits, stores: await killableStores() });
  });
  afterAll(() => shop?.stop());

  test('100 identical requests are one order and one charge', () => identicalPosts(shop, 100));
  test('of 200 buyers of 10 pieces 10 have a paid order and 190 are refused as out_of_stock within 5 s', async () =>
    rush(shop, await registered(shop, 200), 10));
  test('of two orders of 90.00 on a credit of 100.00 one is paid, 100 times', () => oneCreditTwice(shop, 100));
  test('two tabs make one order of one cart, 100 times', () => twoTabs(shop, 100));
  test('an order that was refused to its client because of a lock is not charged', () => tooLate(shop));
  test('an order that was refused to its client because orders was stopped is not charged', () =>
    tooLate(shop, { ordersStopped: true }));
  test('reconcile finds nothing', async () => expect(await disagreements(shop)).toEqual([]));
});
