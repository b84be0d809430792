import { randomUUID } from 'node:crypto';
import type { ReserveResult } from '@shop/contracts/catalog';
import type { TestDatabase } from '@shop/kit/testing/stores';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { NOWHERE, refusalOf } from './catalog-under-test.js';
import { startReplicas, times, type Replicas } from './replicas.js';

let replicas: Replicas;
let database: TestDatabase;
let reserve: Replicas['reserve'];
let release: Replicas['release'];
let product: Replicas['product'];
let stockOf: Replicas['stockOf'];

beforeAll(async () => {
  replicas = await startReplicas();
  ({ database, reserve, release, product, stockOf } = replicas);
});
afterAll(() => replicas?.stop());

const countOf = (results: ReserveResult[], outcome: ReserveResult['outcome']) =>
  results.filter((result) => result.outcome === outcome).length;

describe('reserving', () => {
  it('takes every line from stock and answers with the prices of the catalog', async () => {
    const [cup, plate] = [await product(5, 1250), await product(9, 300)];
    const lines = [
      { productId: plate, quantity: 3 },
      { productId: cup, quantity: 2 },
    ];
    const answer = await reserve(randomUUID(), lines, 3400);
    expect(answer).toMatchObject({
      outcome: 'reserved',
      lines: [
        { productId: plate, name: 'Piece', quantity: 3, priceCents: 300, lineTotalCents: 900 },
        { productId: cup, quantity: 2, priceCents: 1250, lineTotalCents: 2500 },
      ],
      totalCents: 3400,
      currency: 'EUR',
    });
    expect(await stockOf(cup, plate)).toEqual([3, 6]);
  });

  it('takes nothing when lines lack stock, and names all of their products', async () => {
    const [plenty, few, none] = [await product(50), await product(1), await product(0)];
    const lines = [plenty, few, none].map((productId) => ({ productId, quantity: 2 }));
    expect(await reserve(randomUUID(), lines)).toMatchObject({
      outcome: 'out_of_stock',
      productIds: [few, none],
      totalCents: 6000,
    });
    expect(await stockOf(plenty, few, none)).toEqual([50, 1, 0]);
  });

  it('takes nothing when the total differs from the expected one', async () => {
    const id = await product(5, 700);
    const answer = await reserve(randomUUID(), [{ productId: id, quantity: 2 }], 1399);
    expect(answer).toMatchObject({ outcome: 'price_changed', totalCents: 1400, lines: [{ priceCents: 700 }] });
    expect(await stockOf(id)).toEqual([5]);
  });

  it('takes nothing when a product is unknown or hidden', async () => {
    const [known, hidden] = [await product(5), await product(5)];
    await database.query('update products set hidden = true where id = $1', [hidden]);
    const lines = [known, hidden, NOWHERE].map((productId) => ({ productId, quantity: 1 }));
    expect(await reserve(randomUUID(), lines)).toEqual({ outcome: 'unknown_product', productIds: [hidden, NOWHERE] });
    expect(await stockOf(known, hidden)).toEqual([5, 5]);
  });

  it('can be retried after a refusal, which holds nothing', async () => {
    const [orderId, id] = [randomUUID(), await product(1)];
    expect((await reserve(orderId, [{ productId: id, quantity: 2 }])).outcome).toBe('out_of_stock');
    expect((await reserve(orderId, [{ productId: id, quantity: 1 }])).outcome).toBe('reserved');
  });

  it('refuses the same product on two lines', async () => {
    const id = await product(5);
    const twice = [id, id.toUpperCase()].map((productId) => ({ productId, quantity: 1 }));
    expect(await refusalOf(reserve(randomUUID(), twice))).toMatchObject({
      code: 'invalid_request',
      errors: [{ field: 'lines[1].productId' }],
    });
  });

  it('answers a replay with the original lines and prices', async () => {
    const [orderId, id] = [randomUUID(), await product(5, 100)];
    const first = await reserve(orderId, [{ productId: id, quantity: 5 }], 500);
    await database.query('update products set price_cents = 999 where id = $1', [id]);
    expect(await reserve(orderId, [{ productId: id, quantity: 5 }], 500)).toEqual(first);
    expect(await stockOf(id)).toEqual([0]);
  });

  it('takes the last pieces once for twenty concurrent replays, and gives all the same answer', async () => {
    const [orderId, id] = [randomUUID(), await product(3)];
    const answers = await times(20, () => reserve(orderId, [{ productId: id, quantity: 3 }]));
    expect(answers[0]).toMatchObject({ outcome: 'reserved' });
    for (const answer of answers) expect(answer).toEqual(answers[0]);
    expect(await stockOf(id)).toEqual([0]);
  });

  it('sells ten pieces to exactly ten of a hundred concurrent orders', async () => {
    const id = await product(10);
    const answers = await times(100, () => reserve(randomUUID(), [{ productId: id, quantity: 1 }]));
    expect([countOf(answers, 'reserved'), countOf(answers, 'out_of_stock')]).toEqual([10, 90]);
    expect(await stockOf(id)).toEqual([0]);
  });

  it('never takes part of an order when orders compete for the last pieces', async () => {
    const ids = [await product(20), await product(20), await product(20)];
    const answers = await times(60, (i) => {
      const lines = ids.map((productId, k) => ({ productId, quantity: 1 + ((i + k) % 3) }));
      return reserve(randomUUID(), lines);
    });
    const sold = [0, 0, 0];
    for (const answer of answers)
      if (answer.outcome === 'reserved') answer.lines.forEach((line, k) => (sold[k]! += line.quantity));
    expect(await stockOf(...ids)).toEqual(sold.map((quantity) => 20 - quantity));
    expect(Math.min(...(await stockOf(...ids)))).toBeGreaterThanOrEqual(0);
  });

  it('never deadlocks when orders list the same products in opposite orders', async () => {
    const ids = await times(6, () => product(1000));
    const answers = await times(100, (i) => {
      const order = i % 2 ? [...ids].reverse() : ids;
      return reserve(
        randomUUID(),
        order.map((productId) => ({ productId, quantity: 1 })),
      );
    });
    expect(countOf(answers, 'reserved')).toBe(100);
    const [{ deadlocks }] = (await database.query<{ deadlocks: number }>(
      'select deadlocks::integer from pg_stat_database where datname = current_database()',
    )) as [{ deadlocks: number }];
    expect(deadlocks).toBe(0);
    expect(await stockOf(...ids)).toEqual(Array(6).fill(900));
  });

  it('changes neither the version nor the update time of a product', async () => {
    const id = await product(5);
    const look = () => database.query('select version, updated_at from products where id = $1', [id]);
    const before = await look();
    const orderId = randomUUID();
    await reserve(orderId, [{ productId: id, quantity: 1 }]);
    await release(orderId);
    expect(await look()).toEqual(before);
  });

  it('holds stock until its expiry time', async () => {
    const orderId = randomUUID();
    await reserve(orderId, [{ productId: await product(1), quantity: 1 }]);
    const [row] = await database.query(
      `select status, expires_at > now() + interval '20 minutes' as later from reservations where order_id = $1`,
      [orderId],
    );
    expect(row).toEqual({ status: 'held', later: true });
  });
});
