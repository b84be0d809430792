// Upgrades from the previous version, with its data and beside its processes.
import { ordersRpc } from '@shop/contracts/orders';
import { startForTest } from '@shop/kit/testing/services';
import { createTestDatabase, testRedisUrl, type TestDatabase } from '@shop/kit/testing/stores';
import { Rpc } from '@shop/rpc/rpc';
import { v7 as uuidv7 } from 'uuid';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { orders } from '../src/orders.module.js';

let db: TestDatabase;
beforeAll(async () => {
  db = await createTestDatabase('orders');
});
afterAll(() => db?.drop());

const start = () =>
  startForTest(orders, {
    ORDERS_DATABASE_URL: db.url,
    REDIS_STATE_URL: testRedisUrl(5),
    ORDERS_SWEEP_SECONDS: '30',
  });
const customerId = uuidv7();

/** Inserts an order as the previous version does. */
async function insertBefore(cartVersion: string, status = 'paid'): Promise<string> {
  const id = uuidv7();
  await db.query(
    `insert into orders (id, customer_id, idempotency_key, body_hash, requested, payment, cart_version, status, reason)
     values ($1, $2, gen_random_uuid(), '', '[]', '{"method":"credit"}', $3, $4, $5)
     on conflict (customer_id, idempotency_key) do nothing`,
    [id, customerId, cartVersion, status, status === 'rejected' ? 'card_declined' : null],
  );
  return id;
}

test('carts that were ordered twice before do not stop the migration, and cannot be ordered twice any more', async () => {
  await (await start()).stop();
  await db.query('drop index orders_of_cart');
  await db.query(`delete from migrations where name like 'IndexOrdersOfCarts%'`);
  const [first, second] = [await insertBefore('twice'), await insertBefore('twice')];
  const others = [await insertBefore('twice', 'rejected'), await insertBefore('once')];

  await (await start()).stop();
  const rows = await db.query<{ id: string }>('select id from orders where cart_version is not null order by id');
  expect(rows.map(({ id }) => id)).toEqual([first, ...others]);
  expect(await db.query('select from orders where id = $1', [second])).toHaveLength(1);
  const [index] = await db.query<{ valid: boolean }>(
    `select indisvalid as valid from pg_index where indexrelid = 'orders_of_cart'::regclass`,
  );
  expect(index).toEqual({ valid: true });
  await expect(insertBefore('once')).rejects.toMatchObject({ code: '23505' });
});

test('an order that the previous version wrote without a currency is read in the contract’s currency', async () => {
  const running = await start();
  const id = await insertBefore('later');
  const order = await running.app.get(Rpc, { strict: false }).call(ordersRpc.getOrder, { id });
  expect(order).toMatchObject({ id, currency: 'EUR' });
  await running.stop();
});
