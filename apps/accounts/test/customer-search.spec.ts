import { getDataSourceToken } from '@nestjs/typeorm';
import { accountsRpc } from '@shop/contracts/accounts';
import { poolOf } from '@shop/kit/database';
import type { Running } from '@shop/kit/launch';
import { startForTest } from '@shop/kit/testing/services';
import { createTestDatabase, type TestDatabase } from '@shop/kit/testing/stores';
import { Rpc } from '@shop/rpc/rpc';
import type { DataSource } from 'typeorm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { accounts } from '../src/accounts.module.js';
import { statementFor } from '../src/customer-search.js';

/** Enough for the planner to choose the plans for a million. */
const CUSTOMERS = 300_000;
/** Customers named Sam Shopper. */
const SAMS = 100_000;
/** Pages of 8 kB: three searches of 100 rows and three index descents. */
const MOST_PAGES = 400;

let database: TestDatabase;
let service: Running;
let rpc: Rpc;
const people = new Map<string, string>();
beforeAll(async () => {
  database = await createTestDatabase('accounts');
  service = await startForTest(accounts, { ACCOUNTS_DATABASE_URL: database.url });
  rpc = new Rpc({ addresses: { accounts: `127.0.0.1:${service.rpcPort}` } });
  await database.query(
    `insert into customers (id, email, name, role, password_hash)
     select gen_random_uuid(), 'c' || n || '@example.com',
            case when n <= $2 then 'Sam Shopper' else 'N' || md5(n::text) || ' L' || md5('l' || n) end, 'customer', ''
     from generate_series(1, $1::integer) n`,
    [CUSTOMERS, SAMS],
  );
  for (const [email, name] of [
    ['ada@example.org', 'Ada Lovelace'],
    ['o_brien@example.org', 'Zoë van der Brîen'],
    ['mononym@example.org', 'Teller'],
  ] as const)
    people.set(name, (await rpc.call(accountsRpc.createCustomer, { email, name, password: 'correct-horse' })).id);
  await database.query('analyze customers');
});
afterAll(async () => {
  rpc?.close();
  await service?.stop();
  await database?.drop();
});

const find = async (q: string) => (await rpc.call(accountsRpc.findCustomers, { q })).ids;

describe('customers', () => {
  it.each([
    ['ada@example.org', 'Ada Lovelace'],
    ['ADA@Example.ORG', 'Ada Lovelace'],
    ['ada@', 'Ada Lovelace'],
    ['Ada Lovelace', 'Ada Lovelace'],
    ['ada  love', 'Ada Lovelace'],
    ['LOVELACE', 'Ada Lovelace'],
    ['lovel', 'Ada Lovelace'],
    ['zoë van', 'Zoë van der Brîen'],
    ['brî', 'Zoë van der Brîen'],
    ['BRÎEN', 'Zoë van der Brîen'],
    ['o_brien', 'Zoë van der Brîen'],
    ['teller', 'Teller'],
  ])('are found by %s', async (q, name) => {
    expect(await find(q)).toEqual([people.get(name)]);
  });

  it.each(['da@example.org', 'oxbrien', '%', '_', 'ada lovelace x', 'lovelace ada', '\\', "'"])(
    'are not found by %s',
    async (q) => {
      expect(await find(q)).toEqual([]);
    },
  );

  it('are found up to a hundred', async () => {
    for (const q of ['sam shopper', 's', 'c1']) expect(await find(q), q).toHaveLength(100);
  });

  it('are read by their ids, and unknown ids are left out', async () => {
    const ids = [...people.values(), '01900000-0000-7000-8000-00000000dead'];
    const { customers } = await rpc.call(accountsRpc.getCustomers, { ids });
    expect(customers.map(({ name }) => name).sort()).toEqual([...people.keys()].sort());
    expect(Object.keys(customers[0]!).sort()).toEqual(['email', 'id', 'name', 'role']);
  });
});

const pool = () => poolOf(service.app.get<DataSource>(getDataSourceToken('accounts'), { strict: false }));

it('a search reads no more of a large table than of a small one', async () => {
  for (const q of ['ada@example.org', 'c', 'n', 'sam', 'sam shopper', 'shopper', 'l', 'zzzz', '0']) {
    const { text, values } = statementFor(q);
    for (const mode of ['force_custom_plan', 'force_generic_plan']) {
      const plan = await explain(text, values, mode);
      expect(plan, `${q}, ${mode}`).not.toContain('Seq Scan');
      const pages = /shared(?: hit=(\d+))?(?: read=(\d+))?/.exec(plan)!;
      expect(Number(pages[1] ?? 0) + Number(pages[2] ?? 0), plan).toBeLessThan(MOST_PAGES);
    }
  }
});

/** The plan of a prepared statement, either for its values or generic. */
async function explain(text: string, values: string[], mode: string): Promise<string> {
  const client = await pool().connect();
  await client.query(`set plan_cache_mode = ${mode}`);
  await client.query(`prepare found as ${text}`);
  const literals = values.map((value) => client.escapeLiteral(value)).join(', ');
  const { rows } = await client.query<Record<string, string>>(`explain (analyze, buffers) execute found (${literals})`);
  client.release(true);
  return rows.map((row) => row['QUERY PLAN']).join('\n');
}
