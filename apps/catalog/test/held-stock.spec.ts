import { randomUUID } from 'node:crypto';
import type { TestDatabase } from '@shop/kit/testing/stores';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startReplicas, times, type Replicas } from './replicas.js';

let replicas: Replicas;
let database: TestDatabase;
let reserve: Replicas['reserve'];
let confirm: Replicas['confirm'];
let release: Replicas['release'];
let product: Replicas['product'];
let stockOf: Replicas['stockOf'];

beforeAll(async () => {
  replicas = await startReplicas();
  ({ database, reserve, confirm, release, product, stockOf } = replicas);
});
afterAll(() => replicas?.stop());

describe('held stock', () => {
  const held = async (stock: number, quantity: number) => {
    const [orderId, id] = [randomUUID(), await product(stock)];
    await reserve(orderId, [{ productId: id, quantity }]);
    return { orderId, id };
  };

  it('returns to stock once, however often it is released', async () => {
    const { orderId, id } = await held(5, 3);
    expect(await times(10, () => release(orderId))).toEqual(Array(10).fill({ done: true }));
    expect(await stockOf(id)).toEqual([5]);
  });

  it('is sold once, however often it is confirmed, and cannot be released afterwards', async () => {
    const { orderId, id } = await held(5, 3);
    expect(await times(10, () => confirm(orderId))).toEqual(Array(10).fill({ done: true }));
    expect(await release(orderId)).toEqual({ done: false });
    expect(await stockOf(id)).toEqual([2]);
  });

  it('is either sold or returned when both are requested concurrently', async () => {
    const reservations = await times(30, () => held(5, 3));
    for (const { orderId, id } of reservations) {
      const [sold, back] = await Promise.all([confirm(orderId), release(orderId)]);
      expect(sold.done).toBe(!back.done);
      expect(await stockOf(id)).toEqual([sold.done ? 2 : 5]);
      expect(await confirm(orderId)).toEqual(sold);
      expect(await release(orderId)).toEqual(back);
    }
  });

  it('stays returned when its order reserves again', async () => {
    const { orderId, id } = await held(5, 3);
    await release(orderId);
    expect(await reserve(orderId, [{ productId: id, quantity: 3 }])).toEqual({ outcome: 'released' });
    expect(await stockOf(id)).toEqual([5]);
  });

  it('is nothing for an order that was released before it reserved', async () => {
    const [orderId, id] = [randomUUID(), await product(5)];
    expect(await confirm(orderId)).toEqual({ done: false });
    expect(await release(orderId)).toEqual({ done: true });
    expect(await reserve(orderId, [{ productId: id, quantity: 3 }])).toEqual({ outcome: 'released' });
    expect(await confirm(orderId)).toEqual({ done: false });
    expect(await stockOf(id)).toEqual([5]);
  });

  it('is nothing after a concurrent reserve and release, whichever comes first', async () => {
    const id = await product(100);
    await times(30, async () => {
      const orderId = randomUUID();
      await Promise.all([reserve(orderId, [{ productId: id, quantity: 2 }]), release(orderId)]);
      await release(orderId);
    });
    expect(await stockOf(id)).toEqual([100]);
  });

  it('returns without a deadlock when orders list their lines in opposite orders', async () => {
    const ids = await times(5, () => product(200));
    const orders = await times(50, async (i) => {
      const orderId = randomUUID();
      const order = i % 2 ? [...ids].reverse() : ids;
      await reserve(
        orderId,
        order.map((productId) => ({ productId, quantity: 2 })),
      );
      return orderId;
    });
    await Promise.all(orders.map(release));
    expect(await stockOf(...ids)).toEqual(Array(5).fill(200));
  });
});

it('each step of an order costs one statement', async () => {
  await database.query('create extension if not exists pg_stat_statements');
  const [orderId, id] = [randomUUID(), await product(5)];
  await database.query('select pg_stat_statements_reset()');
  await reserve(orderId, [{ productId: id, quantity: 1 }]);
  await confirm(orderId);
  const statements = await database.query<{ query: string; calls: number }>(
    `select query, calls::integer from pg_stat_statements join pg_database d on d.oid = dbid
     where datname = current_database() and query not like '%pg_stat_statements%' order by query desc`,
  );
  expect(statements).toEqual([
    { query: expect.stringContaining('reserve') as string, calls: 1 },
    { query: expect.stringContaining('confirm_reservation') as string, calls: 1 },
  ]);
});
