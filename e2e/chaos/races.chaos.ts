import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { tooLate, twoTabs } from './cart-scenarios.js';
import { identicalPosts, oneCreditTwice, registered, rush } from './races.js';
import { startChaosShop, type ChaosShop } from './chaos-shop.js';

describe('through two gateways at once', () => {
  let shop: ChaosShop;
  beforeAll(async () => {
    shop = await startChaosShop({ replicas: { gateway: 2, catalog: 2, orders: 2, payments: 2 } });
  });
  afterAll(() => shop?.stop());

  test('100 identical posts are one order and one charge', () => identicalPosts(shop, 100));
  test('200 buyers of 10 pieces: 10 are paid, 190 are told out_of_stock within 5 s', async () =>
    rush(shop, await registered(shop, 200), 10));
  test('two orders of 90.00 on a credit of 100.00, 100 times: one is paid', () => oneCreditTwice(shop, 100));
  test('two tabs make one order of one cart, 100 times', () => twoTabs(shop, 100));
  test('an order that its client was refused is not charged: a row was locked', () => tooLate(shop));
  test('an order that its client was refused is not charged: orders stood still', () =>
    tooLate(shop, { ordersStopped: true }));
  test('reconcile finds nothing', async () => expect(await shop.disagreements()).toEqual([]));
});
