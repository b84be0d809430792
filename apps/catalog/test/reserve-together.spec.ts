// Orders that reserve in one statement get the same answers, and leave the same stock, as one after the other.
import { randomUUID } from 'node:crypto';
import type { ReserveResult } from '@shop/contracts/catalog';
import { inTransaction, type Sql } from '@shop/kit/database';
import type { TestDatabase } from '@shop/kit/testing/stores';
import fc from 'fast-check';
import { DataSource } from 'typeorm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { migrations } from '../src/database.js';
import { NOWHERE } from './catalog-under-test.js';
import { startReplicas, times, type Replicas } from './replicas.js';

let replicas: Replicas;
let database: TestDatabase;
let reserve: Replicas['reserve'];
let product: Replicas['product'];
let stockOf: Replicas['stockOf'];

beforeAll(async () => {
  replicas = await startReplicas();
  ({ database, reserve, product, stockOf } = replicas);
});
afterAll(() => replicas?.stop());

const statementsOf = async (name: string) => {
  const [row] = await database.query<{ calls: number }>(
    `select coalesce(sum(calls), 0)::integer as calls from pg_stat_statements join pg_database d on d.oid = dbid
     where datname = current_database() and query like $1`,
    [`select%${name}($1%`],
  );
  return row!.calls;
};

describe('a rush for one product', () => {
  beforeAll(() => database.query('create extension if not exists pg_stat_statements'));

  it('sells exactly the stock, in far fewer statements than orders', async () => {
    const id = await product(100);
    const before = (await statementsOf('reserve')) + (await statementsOf('reserve_together'));
    const answers = await times(500, () => reserve(randomUUID(), [{ productId: id, quantity: 1 }]));
    expect(answers.filter(({ outcome }) => outcome === 'reserved')).toHaveLength(100);
    expect(answers.filter(({ outcome }) => outcome === 'out_of_stock')).toHaveLength(400);
    expect(await stockOf(id)).toEqual([0]);
    const statements = (await statementsOf('reserve')) + (await statementsOf('reserve_together')) - before;
    expect(statements).toBeLessThan(100);
  });

  it('gives exact answers when connections break in the middle of it', async () => {
    const id = await product(300);
    const orders = Array.from({ length: 400 }, () => randomUUID());
    const buy = (orderId: string): Promise<ReserveResult> =>
      reserve(orderId, [{ productId: id, quantity: 1 }]).catch(() => buy(orderId));
    const all = Promise.all(orders.map(buy));
    let open = true;
    const breaking = (async () => {
      while (open)
        await database.query(
          `select pg_terminate_backend(pid) from pg_stat_activity
           where datname = current_database() and state = 'active' and query like '%reserve%' and pid <> pg_backend_pid()
           limit 1`,
        );
    })();
    const answers = await all;
    open = false;
    await breaking;
    const sold = answers.filter(({ outcome }) => outcome === 'reserved').length;
    expect(sold).toBe(300);
    expect(await stockOf(id)).toEqual([0]);
    const [{ held }] = (await database.query<{ held: number }>(
      `select count(*)::integer as held from reservations where order_id = any($1) and status = 'held'`,
      [orders],
    )) as [{ held: number }];
    expect(held).toBe(300);
  });

  it('never deadlocks and never takes part of an order when baskets also hold other products in opposite orders', async () => {
    const ids = [await product(150), ...(await times(5, () => product(60)))];
    const answers = await times(200, (i) => {
      const basket = ids.filter((_, k) => k === 0 || (i >> (k % 5)) % 2 === 0);
      const lines = (i % 3 ? basket : basket.reverse()).map((productId) => ({ productId, quantity: 1 }));
      return reserve(randomUUID(), lines);
    });
    const sold = ids.map((id) => answers.filter((a) => a.outcome === 'reserved' && has(a.lines, id)).length);
    expect(await stockOf(...ids)).toEqual(sold.map((count, k) => (k === 0 ? 150 : 60) - count));
    const [{ deadlocks }] = (await database.query<{ deadlocks: number }>(
      'select deadlocks::integer from pg_stat_database where datname = current_database()',
    )) as [{ deadlocks: number }];
    expect(deadlocks).toBe(0);
  });
});

const has = (lines: { productId: string }[], id: string) => lines.some(({ productId }) => productId === id);

describe('one statement for many orders', () => {
  const PRICE = 100;
  const orderIds = Array.from({ length: 6 }, () => randomUUID());
  let db: DataSource;
  let ids: string[];

  beforeAll(async () => {
    db = await new DataSource({ type: 'postgres', url: database.url, migrations }).initialize();
    ids = [...(await times(4, () => product(0, PRICE))), await product(50, PRICE), NOWHERE];
    await database.query('update products set hidden = true where id = $1', [ids[4]]);
  });
  afterAll(() => db?.destroy());

  const Line = fc.record({ at: fc.nat({ max: 40 }), quantity: fc.integer({ min: 1, max: 3 }) });
  const OrderOf = fc.record({
    orderId: fc.constantFrom(...orderIds),
    // Mostly the four products on sale, now and then the hidden and the unknown one.
    lines: fc
      .uniqueArray(Line, { minLength: 1, maxLength: 4, selector: ({ at }) => (at < 2 ? at + 4 : at % 4) })
      .map((lines) => lines.map(({ at, quantity }) => ({ product: at < 2 ? at + 4 : at % 4, quantity }))),
    wrongBy: fc.option(fc.constantFrom(0, 0, 0, 1)),
  });
  const Case = fc.record({
    orders: fc.array(OrderOf, { minLength: 1, maxLength: 14 }),
    stocks: fc.array(fc.nat({ max: 8 }), { minLength: 4, maxLength: 4 }),
    releasedBefore: fc.option(fc.constantFrom(...orderIds)),
  });
  type Case = typeof Case extends fc.Arbitrary<infer T> ? T : never;

  const plain = async (sql: Sql, orders: ReturnType<typeof asked>[]) => {
    const answers: unknown[] = [];
    for (const { orderId, products, quantities, expected } of orders)
      answers.push(
        ...(await sql('select reserve($1, $2, $3, $4, 60) as answer', [orderId, products, quantities, expected])),
      );
    return answers;
  };
  const together = (sql: Sql, orders: ReturnType<typeof asked>[]) =>
    sql('select answer from reserve_together($1, $2, $3, $4, $5, 60) as answer', [
      orders.map(({ orderId }) => orderId),
      orders.map(({ expected }) => expected),
      orders.flatMap(({ products }, i) => products.map(() => i + 1)),
      orders.flatMap(({ products }) => products),
      orders.flatMap(({ quantities }) => quantities),
    ]);
  const asked = ({ orderId, lines, wrongBy }: Case['orders'][number]) => ({
    orderId,
    products: lines.map((line) => ids[line.product]!),
    quantities: lines.map(({ quantity }) => quantity),
    expected: wrongBy === null ? null : wrongBy + lines.reduce((sum, { quantity }) => sum + quantity * PRICE, 0),
  });

  /** The answers and the resulting state, rolled back afterwards. */
  async function tried({ orders, stocks, releasedBefore }: Case, way: typeof plain): Promise<object> {
    const undo = new Error('undo');
    let seen!: object;
    const work = async (sql: Sql) => {
      for (const [i, stock] of stocks.entries())
        await sql('update products set stock = $2 where id = $1', [ids[i], stock]);
      if (releasedBefore) await sql('select release_reservation($1)', [releasedBefore]);
      const answers = await way(sql, orders.map(asked));
      seen = {
        answers,
        stock: await sql('select id, stock from products where id = any($1) order by id', [ids]),
        reservations: await sql(
          `select order_id, status, lines, total_cents, expires_at - now() as held_for
           from reservations where order_id = any($1) order by order_id`,
          [orderIds],
        ),
      };
      throw undo;
    };
    await inTransaction(db, work).catch((error: unknown) => {
      if (error !== undo) throw error;
    });
    return seen;
  }

  it('equals reserving one after the other, also for replays, refusals and unknown products', async () => {
    const property = fc.asyncProperty(Case, async (example) => {
      expect(await tried(example, together)).toEqual(await tried(example, plain));
    });
    await fc.assert(property, { numRuns: 200 });
  });
});

describe('concurrent reserving, confirming and releasing on two replicas', () => {
  it('leaves in stock what no order holds, and gives every caller the same answer', async () => {
    const Command = fc.record({
      what: fc.constantFrom('reserve', 'reserve', 'reserve', 'confirm', 'release' as const),
      order: fc.nat({ max: 9 }),
    });
    const property = fc.asyncProperty(fc.array(Command, { minLength: 20, maxLength: 60 }), async (commands) => {
      const [hot, cold] = [await product(12), await product(100)];
      const orders = Array.from({ length: 10 }, (_, i) => ({
        id: randomUUID(),
        lines: [hot, ...(i % 2 ? [cold] : [])].map((productId) => ({ productId, quantity: 1 + (i % 3) })),
      }));
      const told = await Promise.all(
        commands.map(async ({ what, order }) => {
          const { id, lines } = orders[order]!;
          if (what === 'reserve') return { id, what, answer: await reserve(id, lines) };
          return { id, what, answer: await replicas[what](id) };
        }),
      );
      let [hotLeft, coldLeft] = [12, 100];
      for (const { id, lines } of orders) {
        const [row] = await database.query<{ status: string }>('select status from reservations where order_id = $1', [
          id,
        ]);
        const mine = told.filter((one) => one.id === id);
        const done = (what: string) =>
          mine.some((one) => one.what === what && 'done' in one.answer && one.answer.done === true);
        expect([done('confirm'), done('release')]).toEqual([row?.status === 'confirmed', row?.status === 'released']);
        const reserved = mine.filter((one) => 'outcome' in one.answer && one.answer.outcome === 'reserved');
        for (const one of reserved) expect(one.answer).toEqual(reserved[0]!.answer);
        if (row?.status !== 'held' && row?.status !== 'confirmed') continue;
        expect(reserved.length).toBeGreaterThan(0);
        hotLeft -= lines[0]!.quantity;
        coldLeft -= lines[1]?.quantity ?? 0;
      }
      expect(await stockOf(hot, cold)).toEqual([hotLeft, coldLeft]);
    });
    await fc.assert(property, { numRuns: 20 });
  });
});
