import { getDataSourceToken } from '@nestjs/typeorm';
import { ordersRpc, type OrderStatus } from '@shop/contracts/orders';
import { poolOf } from '@shop/kit/database';
import type { Running } from '@shop/kit/launch';
import { startForTest } from '@shop/kit/testing/services';
import { createTestDatabase, testRedisUrl, type TestDatabase } from '@shop/kit/testing/stores';
import { Rpc } from '@shop/rpc/rpc';
import type { DataSource } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { statementFor } from '../src/order-search.js';
import { orders } from '../src/orders.module.js';

/** Enough for the planner to choose the plans for a million. A third of the orders goes to Sam Shopper. */
const ORDERS = 300_000;
const CUSTOMERS = 1000;
/** Pages of 8 kB: a thousand orders by name and by last name, five thousand by customer, and the index descents. */
const MOST_PAGES = 10_000;

const ADA = uuidv7();
const GRACE = uuidv7();

let db: TestDatabase;
let running: Running;
let rpc: Rpc;
beforeAll(async () => {
  db = await createTestDatabase('orders');
  running = await startForTest(orders, {
    ORDERS_DATABASE_URL: db.url,
    REDIS_STATE_URL: testRedisUrl(5),
    ORDERS_SWEEP_SECONDS: '30',
  });
  rpc = running.app.get(Rpc, { strict: false });
  await db.query(
    `insert into orders (id, customer_id, idempotency_key, body_hash, status, reason, requested, currency, payment, shipping_address)
     select (lpad(to_hex(n), 12, '0') || '70008000' || substr(md5(n::text), 1, 12))::uuid,
            ('00000000-0000-0000-0000-' || lpad((n % $2)::text, 12, '0'))::uuid, n, '',
            case when n % 100 = 0 then 'rejected' else 'paid' end, case when n % 100 = 0 then 'card_declined' end,
            '[]', 'EUR', '{"method":"credit"}',
            jsonb_build_object('name', case when n % 3 = 0 then 'Sam Shopper' else 'N' || md5(n::text) || ' L' || md5('l' || n) end)
     from generate_series(1, $1::integer) n`,
    [ORDERS, CUSTOMERS],
  );
  await db.query('analyze orders');
});
afterAll(async () => {
  await running?.stop();
  await db?.drop();
});

async function order(customerId: string, name?: string, status: OrderStatus = 'paid'): Promise<string> {
  const id = uuidv7();
  const address =
    name === undefined ? null : JSON.stringify({ name, street: 'S', postalCode: 'P', city: 'C', country: 'DE' });
  await db.query(
    `insert into orders (id, customer_id, idempotency_key, body_hash, status, reason, requested, currency, payment, shipping_address)
     values ($1, $2, $3, '', $4, $5, '[]', 'EUR', '{"method":"credit"}', $6)`,
    [id, customerId, uuidv7(), status, status === 'rejected' ? 'card_declined' : null, address],
  );
  return id;
}

const list = async (query: { q?: string; customerIds?: string[]; status?: OrderStatus }, limit = 24) => {
  const ids: string[] = [];
  let cursor: string | undefined;
  do {
    const page = await rpc.call(ordersRpc.listOrders, { ...query, limit, cursor });
    expect(page.items.length).toBeLessThanOrEqual(limit);
    ids.push(...page.items.map(({ id }) => id));
    cursor = page.nextCursor ?? undefined;
  } while (cursor !== undefined && ids.length < 1500);
  return ids;
};

describe('orders', () => {
  it('are found by the number that pages show, with or without #, and by their id', async () => {
    const id = await order(ADA);
    const number = id.slice(-8);
    for (const q of [number, number.toUpperCase(), `#${number}`, ` ${number} `, id, id.toUpperCase()])
      expect(await list({ q }), q).toEqual([id]);
    expect(await list({ q: number, status: 'rejected' })).toEqual([]);
  });

  it('are found by the name on the shipping address, whatever its case, from its beginning or its last word', async () => {
    const [older, newer] = [await order(GRACE, 'Grace B. Höpper'), await order(uuidv7(), 'grace b. höpper')];
    for (const q of ['Grace B. Höpper', 'grace', 'GRACE  B.', 'höpper', 'HÖPP'])
      expect(await list({ q }), q).toEqual([newer, older]);
    for (const q of ['race', 'grace c', 'b.', '%', 'grace_', 'opper']) expect(await list({ q }), q).toEqual([]);
  });

  it('are found by customers and by name together, newest first, each once, page by page', async () => {
    const [a, b, other] = [uuidv7(), uuidv7(), uuidv7()];
    const ids: string[] = [];
    for (let i = 0; i < 7; i++) ids.unshift(await order([a, b, other][i % 3]!, i % 2 === 0 ? 'Xaver Q' : undefined));
    const rejected = await order(a, undefined, 'rejected');
    const ofThem = ids.filter((_, i) => [6, 5, 4, 3, 2, 1, 0].map((n) => n % 3)[i] !== 2);
    expect(await list({ q: 'no such name', customerIds: [a, b] }, 2)).toEqual([rejected, ...ofThem]);
    expect(await list({ q: 'no such name', customerIds: [a, b], status: 'rejected' }, 2)).toEqual([rejected]);
    const all = [...new Set([...ofThem, ...ids.filter((_, i) => i % 2 === 0)])].sort().reverse();
    expect(await list({ q: 'xaver', customerIds: [a, b], status: 'paid' }, 2)).toEqual(all);
  });

  it('are found up to the newest thousand when very many share a name', async () => {
    const ids = await list({ q: 'sam shopper' }, 100);
    expect(ids).toHaveLength(1000);
    expect(ids).toEqual([...new Set(ids)].sort().reverse());
    const [newest] = await db.query<{ id: string }>(
      `select id from orders where shipping_address->>'name' = 'Sam Shopper' order by id desc limit 1`,
    );
    expect(ids[0]).toBe(newest!.id);
  });

  it('show their customer to staff only, and their address to staff and the customer', async () => {
    const id = await order(ADA, 'Ada Lovelace');
    const shippingAddress = { name: 'Ada Lovelace', street: 'S', postalCode: 'P', city: 'C', country: 'DE' };
    expect(await rpc.call(ordersRpc.getOrder, { id })).toMatchObject({ id, customerId: ADA, shippingAddress });
    const own = await rpc.call(ordersRpc.getOrder, { id, customerId: ADA });
    expect(own).toMatchObject({ id, shippingAddress });
    expect(own).not.toHaveProperty('customerId');
    const page = await rpc.call(ordersRpc.listOrders, { customerId: ADA, limit: 1 });
    expect(page.items[0]).toMatchObject({ id, shippingAddress });
    expect(page.items[0]).not.toHaveProperty('customerId');
    expect((await rpc.call(ordersRpc.getOrder, { id: await order(ADA) })).shippingAddress).toBeUndefined();
  });
});

const pool = () => poolOf(running.app.get<DataSource>(getDataSourceToken('orders'), { strict: false }));

it('a search reads no more of a large table than of a small one', async () => {
  const customerIds = (
    await db.query<{ id: string }>('select distinct customer_id as id from orders order by 1 limit 100')
  ).map(({ id }) => id);
  const searches = [
    { name: 'zzzz' },
    { name: 'sam shopper', customerIds },
    { name: 's', status: 'refunded' as const },
    { name: 'l', customerIds, status: 'rejected' as const },
    { name: 'n', customerIds, before: '00000002-0000-7000-8000-000000000000' },
    { number: '0badcafe', name: '' },
  ];
  for (const search of searches) {
    const { text, values } = statementFor({
      number: undefined,
      customerIds: [],
      status: undefined,
      before: undefined,
      limit: 25,
      ...search,
    });
    for (const mode of ['force_custom_plan', 'force_generic_plan']) {
      const plan = await explain(text, values, mode);
      expect(plan).not.toContain('Seq Scan on orders');
      const pages = /shared(?: hit=(\d+))?(?: read=(\d+))?/.exec(plan)!;
      expect(Number(pages[1] ?? 0) + Number(pages[2] ?? 0), `${JSON.stringify(search)}\n${plan}`).toBeLessThan(
        MOST_PAGES,
      );
    }
  }
});

/** The plan of a prepared statement, either for its values or generic. */
async function explain(text: string, values: unknown[], mode: string): Promise<string> {
  const client = await pool().connect();
  await client.query(`set plan_cache_mode = ${mode}`);
  await client.query(`prepare found as ${text}`);
  const literals = values.map((value) =>
    value === null || value === undefined
      ? 'null'
      : client.escapeLiteral(Array.isArray(value) ? `{${value.join()}}` : String(value)),
  );
  const { rows } = await client.query<Record<string, string>>(
    `explain (analyze, buffers) execute found (${literals.join()})`,
  );
  client.release(true);
  return rows.map((row) => row['QUERY PLAN']).join('\n');
}
