import { afterAll, beforeAll, expect, test } from 'vitest';
import { shortWaits, startShop, type Shop } from '../shop.js';
import { disagreements } from './books.js';
import { tooLate, twoTabs } from './cart-scenarios.js';
import { identicalPosts, oneCreditTwice, registered, rush } from './races.js';

let shop: Shop;

beforeAll(async () => {
  shop = await startShop({ replicas: { gateway: 2, catalog: 2, orders: 2, payments: 2 }, env: shortWaits });
});
afterAll(() => shop?.stop());

test('a hundred simultaneous identical requests are one order and one charge, with the same response for all', () =>
  identicalPosts(shop, 100));

test('of two hundred orders for ten pieces exactly ten are paid, and the others are refused within five seconds', async () => {
  const buyers = await registered(shop, 20);
  await rush(
    shop,
    buyers.flatMap((buyer) => Array.from({ length: 10 }, () => buyer)),
    10,
  );
});

test('of two simultaneous orders of 90.00 on a credit of 100.00 one is paid, every time', () =>
  oneCreditTwice(shop, 5));

test('two tabs that order the same cart at once make one order, every time', () => twoTabs(shop, 20));

test('an order that misses its deadline is not charged, and the cart can be ordered again', () => tooLate(shop));

test('the events of an order come from any gateway, and resume at another', async () => {
  const [sam] = await registered(shop, 1);
  const lines = [{ productId: await shop.newProduct(1), quantity: 1 }];
  const { body: order } = await sam!.order({ lines, payment: { method: 'card', token: 'tok_slow' } });
  const [first, second] = shop.gateways as [string, string];
  const idsAt = async (gateway: string, lastEventId?: number) =>
    [...(await sam!.at(gateway).follow(order.id, lastEventId)).matchAll(/^id: (\d)$/gm)].map(([, id]) => id);
  expect(await Promise.all([idsAt(first), idsAt(second)])).toEqual([
    ['2', '3'],
    ['2', '3'],
  ]);
  expect(await idsAt(second, 2)).toEqual(['3']);
  expect(await idsAt(second, 3)).toEqual([]);
});

test('all databases agree after the races', async () => {
  expect(await disagreements(shop)).toEqual([]);
});
