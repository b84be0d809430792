import { randomUUID } from 'node:crypto';
import { catalogRpc } from '@shop/contracts/catalog';
import { ordersRpc, type OrderStatus } from '@shop/contracts/orders';
import { stubService, type Stub, type StubHandlers } from '@shop/kit/testing/services';
import type { TestDatabase } from '@shop/kit/testing/stores';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createCatalogDatabase, eventually, startCatalog, type Catalog } from './catalog-under-test.js';
import { times } from './replicas.js';

/** The states that the fake of orders answers with. */
const statuses = new Map<string, OrderStatus>();
const asked: string[][] = [];
const answering: StubHandlers<typeof ordersRpc> = {
  orderStates: ({ ids }) => {
    asked.push(ids);
    return { orders: ids.flatMap((id) => (statuses.has(id) ? [{ id, status: statuses.get(id)! }] : [])) };
  },
};
const handlers: StubHandlers<typeof ordersRpc> = {};
const answerWith = (others: StubHandlers<typeof ordersRpc>) => Object.assign(handlers, others);

let orders: Stub;
let database: TestDatabase;
let replicas: Catalog[];

beforeAll(async () => {
  orders = await stubService(ordersRpc, handlers);
  database = await createCatalogDatabase();
  const env = { ORDERS_ADDRESSES: orders.address, CATALOG_SWEEP_SECONDS: '0.1', RESERVATION_SECONDS: '600' };
  replicas = [await startCatalog(database, { ...env, SEED: 'demo' }), await startCatalog(database, env)];
});
beforeEach(() => {
  asked.length = 0;
  answerWith(answering);
});
afterAll(async () => {
  await Promise.all((replicas ?? []).map((replica) => replica.stop()));
  await orders?.stop();
  await database?.drop();
});

/** An order that holds 3 of 10 pieces. */
async function held(status?: OrderStatus) {
  const { rpc } = replicas[0]!;
  const made = { name: 'Piece', description: '', category: 'desk', priceCents: 100, stock: 10 };
  const { id: productId } = await rpc.call(catalogRpc.createProduct, made);
  const orderId = randomUUID();
  if (status) statuses.set(orderId, status);
  await rpc.call(catalogRpc.reserve, { orderId, lines: [{ productId, quantity: 3 }] });
  return { orderId, productId };
}

const expire = (...reservations: { orderId: string }[]) =>
  database.query(`update reservations set expires_at = now() - interval '1 second' where order_id = any($1)`, [
    reservations.map(({ orderId }) => orderId),
  ]);

const stateOf = async ({ orderId, productId }: { orderId: string; productId: string }) => {
  const [row] = await database.query(
    `select status, stock, expires_at > now() + interval '5 minutes' as later
     from reservations, products where order_id = $1 and id = $2`,
    [orderId, productId],
  );
  return row;
};

describe('an expired reservation', () => {
  it('is released when orders does not know its order', async () => {
    const reservation = await held();
    await expire(reservation);
    await eventually(async () => expect(await stateOf(reservation)).toMatchObject({ status: 'released', stock: 10 }));
  });

  it('is released when its order was rejected', async () => {
    const reservation = await held('rejected');
    await expire(reservation);
    await eventually(async () => expect(await stateOf(reservation)).toMatchObject({ status: 'released', stock: 10 }));
  });

  it.each(['paid', 'refunded'] as const)('is confirmed when its order is %s', async (status) => {
    const reservation = await held(status);
    await expire(reservation);
    await eventually(async () => expect(await stateOf(reservation)).toMatchObject({ status: 'confirmed', stock: 7 }));
  });

  it.each(['new', 'pending'] as const)('is held for another period while its order is %s', async (status) => {
    const reservation = await held(status);
    await expire(reservation);
    await eventually(async () => expect(await stateOf(reservation)).toEqual({ status: 'held', stock: 7, later: true }));
    expect(asked.flat()).toContain(reservation.orderId);
  });

  it('stays held while orders is unavailable, and ends once it is back', async () => {
    const reservation = await held();
    let tries = 0;
    answerWith({
      orderStates: () => {
        tries += 1;
        throw new Error('away');
      },
    });
    await expire(reservation);
    await eventually(() => expect(tries).toBeGreaterThan(3));
    expect(await stateOf(reservation)).toMatchObject({ status: 'held', stock: 7 });
    answerWith(answering);
    await eventually(async () => expect(await stateOf(reservation)).toMatchObject({ status: 'released', stock: 10 }));
  });

  it('ends once, even when two replicas and its own order end it concurrently', async () => {
    const reservations = await times(120, (i) => held(i % 2 ? 'paid' : undefined));
    await expire(...reservations);
    const { rpc } = replicas[1]!;
    await Promise.all(
      reservations
        .slice(0, 60)
        .map(({ orderId }, i) =>
          rpc.call(i % 2 ? catalogRpc.confirmReservation : catalogRpc.releaseReservation, { orderId }),
        ),
    );
    await eventually(async () => {
      for (const [i, reservation] of reservations.entries())
        expect(await stateOf(reservation)).toMatchObject(
          i % 2 ? { status: 'confirmed', stock: 7 } : { status: 'released', stock: 10 },
        );
    });
  });
});

it('does not ask orders about reservations that have not expired', async () => {
  const young = await held();
  const old = await held();
  await expire(old);
  await eventually(async () => expect(await stateOf(old)).toMatchObject({ status: 'released' }));
  expect(asked.flat()).not.toContain(young.orderId);
  expect(await stateOf(young)).toEqual({ status: 'held', stock: 7, later: true });
});
