import { afterAll, beforeAll, expect, test } from 'vitest';
import { freshShop, type FreshShop } from '../fresh-shop.js';
import { tooLate, twoTabs } from './cart-scenarios.js';
import { identicalPosts, oneCreditTwice, registered, rush } from './races.js';
import { startTrialShop, type TrialShop } from '../trial-shop.js';

let fresh: FreshShop;
let shop: TrialShop;

beforeAll(async () => {
  fresh = await freshShop(13);
  shop = await startTrialShop({ ...fresh, replicas: { gateway: 2, catalog: 2, orders: 2, payments: 2 } });
});
afterAll(async () => {
  await shop?.stop();
  await fresh?.remove();
});

test('a hundred identical posts at once are one order and one charge, and the same answer to all', () =>
  identicalPosts(shop, 100));

test('of two hundred orders for ten pieces exactly ten are paid and the others are told within five seconds', async () => {
  const buyers = await registered(shop, 20);
  await rush(
    shop,
    buyers.flatMap((buyer) => Array.from({ length: 10 }, () => buyer)),
    10,
  );
});

test('two orders of 90.00 at once on a credit of 100.00 pay one, every time', () => oneCreditTwice(shop, 5));

test('two tabs that order one cart at once make one order, every time', () => twoTabs(shop, 20));

test('an order that could not be placed in time is not charged, and the cart can be ordered again', () =>
  tooLate(shop));

test('the progress of an order is told by any gateway, and resumes at another', async () => {
  const [sam] = await registered(shop, 1);
  const lines = [{ productId: await shop.newProduct(1), quantity: 1 }];
  const { body: order } = await sam!.order({ lines, payment: { method: 'card', token: 'tok_slow' } });
  const [first, second] = shop.split.gateways as [string, string];
  const idsAt = async (gateway: string, lastEventId?: number) =>
    [...(await sam!.at(gateway).follow(order.id, lastEventId)).matchAll(/^id: (\d)$/gm)].map(([, id]) => id);
  expect(await Promise.all([idsAt(first), idsAt(second)])).toEqual([
    ['2', '3'],
    ['2', '3'],
  ]);
  expect(await idsAt(second, 2)).toEqual(['3']);
  expect(await idsAt(second, 3)).toEqual([]);
});

test('and everything adds up', async () => {
  expect(await shop.disagreements()).toEqual([]);
});
