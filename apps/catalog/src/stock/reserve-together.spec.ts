import type { ReserveResult } from '@shop/contracts/catalog';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ReserveTogether, type Asked } from './reserve-together.js';

const order = (orderId: string, ...products: string[]): Asked => ({
  orderId,
  lines: products.map((productId) => ({ productId, quantity: 1 })),
});
/** An answer that names its order. */
const answerTo = ({ orderId }: Asked) => ({ outcome: 'unknown_product', productIds: [orderId] }) as ReserveResult;

/** Statements that end on command. */
function statements(mostOrders: number) {
  const started: { orders: string[]; end: () => void; fail: (message?: string) => void }[] = [];
  const together = new ReserveTogether(
    mostOrders,
    (orders) =>
      new Promise((resolve, reject) =>
        started.push({
          orders: orders.map(({ orderId }) => orderId),
          end: () => resolve(orders.map(answerTo)),
          fail: (message = 'no answer') => reject(new Error(message)),
        }),
      ),
  );
  const orders = () => started.map((statement) => statement.orders);
  return { together, started, orders };
}

test('an order starts at once unless one of its own products is busy', () => {
  const { together, orders } = statements(10);
  void together.reserve(order('a', 'hot'));
  void together.reserve(order('b', 'hot', 'cold'));
  void together.reserve(order('c', 'cold'));
  void together.reserve(order('d', 'other'));
  expect(orders()).toEqual([['a'], ['c'], ['d']]);
});

test('orders waiting for a product reserve together when it is free, in order of arrival, up to the limit', async () => {
  const { together, started, orders } = statements(3);
  for (const name of ['a', 'b', 'c', 'd', 'e']) void together.reserve(order(name, 'hot'));
  expect(orders()).toEqual([['a']]);
  started[0]!.end();
  await expect.poll(orders).toEqual([['a'], ['b', 'c', 'd']]);
  void together.reserve(order('f', 'hot'));
  started[1]!.end();
  await expect.poll(orders).toEqual([['a'], ['b', 'c', 'd'], ['e', 'f']]);
});

test('with a limit of one order per statement no order waits', () => {
  const { together, orders } = statements(1);
  for (const name of ['a', 'b', 'c']) void together.reserve(order(name, 'hot'));
  expect(orders()).toEqual([['a'], ['b'], ['c']]);
});

test('when a statement fails, each of its orders is retried alone and fails alone', async () => {
  const { together, started, orders } = statements(10);
  const [first, second, third] = ['a', 'b', 'c'].map((name) => together.reserve(order(name, 'hot')));
  started[0]!.end();
  await expect.poll(orders).toEqual([['a'], ['b', 'c']]);
  started[1]!.fail();
  await expect.poll(orders).toEqual([['a'], ['b', 'c'], ['b'], ['c']]);
  started[2]!.fail();
  started[3]!.end();
  expect(await first).toEqual(answerTo(order('a')));
  await expect(second).rejects.toThrow('no answer');
  expect(await third).toEqual(answerTo(order('c')));
});

test('during an outage the orders of a failed statement are not retried, but later ones are tried', async () => {
  const { together, started, orders } = statements(10);
  const [first, ...others] = ['a', 'b', 'c'].map((name) => together.reserve(order(name, 'hot')));
  started[0]!.end();
  await expect.poll(orders).toEqual([['a'], ['b', 'c']]);
  const late = together.reserve(order('d', 'hot'));
  started[1]!.fail('Connection terminated unexpectedly');
  for (const other of others) await expect(other).rejects.toThrow('Connection terminated');
  await expect.poll(orders).toEqual([['a'], ['b', 'c'], ['d']]);
  started[2]!.end();
  expect(await Promise.all([first, late])).toEqual([order('a'), order('d')].map(answerTo));
});

test('every order gets its own answer however statements end, and no product stays busy', async () => {
  const products = fc.uniqueArray(fc.constantFrom('hot', 'warm', 'c1', 'c2', 'c3'), { minLength: 1, maxLength: 3 });
  const property = fc.asyncProperty(
    fc.scheduler(),
    fc.array(products, { minLength: 1, maxLength: 20 }),
    fc.integer({ min: 2, max: 5 }),
    fc.infiniteStream(fc.integer({ min: 0, max: 9 })),
    async (scheduler, wanted, mostOrders, luck) => {
      const sizes: number[] = [];
      const together = new ReserveTogether(mostOrders, async (orders) => {
        sizes.push(orders.length);
        await scheduler.schedule(Promise.resolve(), 'statement');
        if (orders.length > 1 && luck.next().value === 0) throw new Error('no answer');
        return orders.map(answerTo);
      });
      const answers = wanted.map(async (lines, i) => {
        await scheduler.schedule(Promise.resolve(), 'arrival');
        return together.reserve(order(`order ${i}`, ...lines));
      });
      await scheduler.waitFor(Promise.all(answers));
      expect(await Promise.all(answers)).toEqual(wanted.map((_, i) => answerTo(order(`order ${i}`))));
      expect(Math.max(...sizes)).toBeLessThanOrEqual(mostOrders);
      // Every product is free again, so the next order starts at once.
      const before = sizes.length;
      void together.reserve(order('late', 'hot', 'warm', 'c1', 'c2', 'c3'));
      expect(sizes.length).toBe(before + 1);
      await scheduler.waitAll();
    },
  );
  await fc.assert(property, { numRuns: 200 });
});
