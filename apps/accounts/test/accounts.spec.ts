import { once } from 'node:events';
import { spawn } from 'node:child_process';
import { accountsRpc } from '@shop/contracts/accounts';
import type { Running } from '@shop/kit/launch';
import { startForTest } from '@shop/kit/testing/services';
import { createTestDatabase, type TestDatabase } from '@shop/kit/testing/stores';
import { verify } from '@node-rs/argon2';
import { Rpc } from '@shop/rpc/rpc';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { accounts } from '../src/accounts.module.js';

// Counts the calls of the real library.
vi.mock('@node-rs/argon2', { spy: true });

let database: TestDatabase;
let service: Running;
let rpc: Rpc;

const DEMO_ID = '01900000-0000-7000-8000-000000000001';
const UNKNOWN_ID = '01900000-0000-7000-8000-00000000dead';
const ada = { email: 'Ada@Example.org', password: 'correct-horse', name: 'Ada' };

beforeAll(async () => {
  database = await createTestDatabase('accounts');
  service = await startForTest(accounts, { ACCOUNTS_DATABASE_URL: database.url, SEED: 'demo' });
  rpc = new Rpc({ addresses: { accounts: `127.0.0.1:${service.rpcPort}` } });
});
afterAll(async () => {
  rpc?.close();
  await service?.stop();
  await database?.drop();
});

describe('a customer', () => {
  it('is created once, in any case of the address', async () => {
    const created = await rpc.call(accountsRpc.createCustomer, ada);
    expect(created).toMatchObject({ email: 'ada@example.org', name: 'Ada', role: 'customer' });
    const again = rpc.call(accountsRpc.createCustomer, { ...ada, email: 'ADA@example.ORG' });
    await expect(again).rejects.toMatchObject({ code: 'email_taken' });
  });

  it('is created once by ten concurrent registrations', async () => {
    const same = Array.from({ length: 10 }, () =>
      rpc.call(accountsRpc.createCustomer, { ...ada, email: 'twin@example.org' }).then(
        () => 'created',
        ({ code }: { code: string }) => code,
      ),
    );
    const outcomes = await Promise.all(same);
    expect(outcomes.filter((outcome) => outcome === 'created')).toHaveLength(1);
    expect(outcomes.filter((outcome) => outcome === 'email_taken')).toHaveLength(9);
  });

  it('logs in with any case of the address', async () => {
    const customer = await rpc.call(accountsRpc.checkCredentials, { email: 'aDa@example.org', password: ada.password });
    expect(customer).toMatchObject({ email: 'ada@example.org' });
    expect(customer).not.toHaveProperty('passwordHash');
  });

  it('gets the same refusal for an unknown address and a wrong password', async () => {
    for (const wrong of [
      { email: 'nobody@example.org', password: ada.password },
      { email: ada.email, password: 'wrong-password' },
      { email: 'not an address', password: 'x' },
    ])
      await expect(rpc.call(accountsRpc.checkCredentials, wrong)).rejects.toMatchObject({
        code: 'bad_credentials',
        detail: 'E-mail address or password is wrong',
      });
  });

  it('costs the same work to refuse for an unknown address as for a wrong password', async () => {
    for (const email of [ada.email, 'nobody@example.org']) {
      vi.mocked(verify).mockClear();
      const wrong = rpc.call(accountsRpc.checkCredentials, { email, password: 'wrong-password' });
      await expect(wrong).rejects.toMatchObject({ code: 'bad_credentials' });
      const costs = vi.mocked(verify).mock.calls.map(([hash]) => String(hash).split('$').slice(1, 4).join(' '));
      expect(costs, email).toEqual(['argon2id v=19 m=19456,t=2,p=1']);
    }
  });

  it('has its password stored as an argon2id hash only', async () => {
    const rows = await database.query<{ password_hash: string }>('select password_hash from customers');
    expect(rows.length).toBeGreaterThan(2);
    for (const { password_hash } of rows) expect(password_hash).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
  });

  it('changes name and password', async () => {
    const { id } = await rpc.call(accountsRpc.createCustomer, { ...ada, email: 'grace@example.org' });
    expect(await rpc.call(accountsRpc.updateCustomer, { id, name: 'Grace' })).toMatchObject({ id, name: 'Grace' });
    expect(await rpc.call(accountsRpc.getCustomer, { id })).toMatchObject({ id, name: 'Grace' });

    const change = { id, current: ada.password, next: 'battery-staple' };
    const wrong = rpc.call(accountsRpc.changePassword, { ...change, current: 'something-else' });
    await expect(wrong).rejects.toMatchObject({ code: 'bad_credentials' });
    expect(await rpc.call(accountsRpc.changePassword, change)).toEqual({ done: true });
    const email = 'grace@example.org';
    await expect(rpc.call(accountsRpc.checkCredentials, { email, password: ada.password })).rejects.toMatchObject({
      code: 'bad_credentials',
    });
    expect(await rpc.call(accountsRpc.checkCredentials, { email, password: 'battery-staple' })).toMatchObject({ id });
  });

  it('is found by address and by id through an index among thousands', async () => {
    await database.query('create extension if not exists pg_stat_statements');
    await database.query(`insert into customers (id, email, name, role, password_hash)
      select gen_random_uuid(), 'many-' || n || '@example.org', 'Many', 'customer', '' from generate_series(1, 5000) n`);
    await database.query('analyze customers');
    await rpc.call(accountsRpc.checkCredentials, { email: 'demo@shop.test', password: 'demo-password' });
    await rpc.call(accountsRpc.getCustomer, { id: DEMO_ID });
    const statements = await database.query<{ query: string }>(
      `select query from pg_stat_statements join pg_database d on d.oid = dbid where datname = current_database()
       and query like 'SELECT %"customers"%WHERE%'`,
    );
    const plans = statements.map(async ({ query }) => {
      const lines = await database.query<Record<'QUERY PLAN', string>>(`explain (generic_plan) ${query}`);
      return /\w+ Scan( using \w+)?/.exec(lines.map((line) => line['QUERY PLAN']).join())?.[0];
    });
    expect((await Promise.all(plans)).sort()).toEqual([
      'Index Scan using customers_email',
      'Index Scan using customers_pkey',
    ]);
  });

  it('is not found under an unknown id', async () => {
    const unknown = [
      () => rpc.call(accountsRpc.getCustomer, { id: UNKNOWN_ID }),
      () => rpc.call(accountsRpc.updateCustomer, { id: UNKNOWN_ID, name: 'Unknown' }),
      () => rpc.call(accountsRpc.changePassword, { id: UNKNOWN_ID, current: 'whatever', next: 'whatever-else' }),
    ];
    for (const call of unknown) await expect(call()).rejects.toMatchObject({ code: 'not_found' });
  });

  it('is refused with an error for each invalid field', async () => {
    const bad = { email: 'no address', password: 'short', name: 'with \u0000' };
    const refusal = await rpc.call(accountsRpc.createCustomer, bad).catch((error: unknown) => error);
    expect(refusal).toMatchObject({ code: 'invalid_request' });
    const { errors } = (refusal as { extras: { errors: { field: string }[] } }).extras;
    expect(errors.map(({ field }) => field)).toEqual(['email', 'password', 'name']);
  });
});

describe('the demo', () => {
  it('has a customer and a member of staff, and seeding again changes nothing', async () => {
    const seeded = () =>
      database.query('select id, role, password_hash from customers where email like $1 order by id', ['%@shop.test']);
    const before = await seeded();
    const again = await startForTest(accounts, { ACCOUNTS_DATABASE_URL: database.url, SEED: 'demo' });
    await again.stop();
    expect(await seeded()).toEqual(before);
    expect(before.map(({ role }) => role as string)).toEqual(['customer', 'staff']);
    const demo = { email: 'demo@shop.test', password: 'demo-password' };
    expect(await rpc.call(accountsRpc.checkCredentials, demo)).toMatchObject({ id: DEMO_ID, role: 'customer' });
  });

  it('is absent without SEED=demo', async () => {
    const other = await createTestDatabase('accounts');
    const unseeded = await startForTest(accounts, { ACCOUNTS_DATABASE_URL: other.url });
    expect(await other.query('select 1 from customers')).toEqual([]);
    await unseeded.stop();
    await other.drop();
  });
});

describe('staff-create', () => {
  it('creates a member of staff in an empty database, and only once', async () => {
    const fresh = await createTestDatabase('accounts');
    expect(await staffCreate(fresh.url, ['boss@shop.test'], 'a-long-password\n')).toEqual({
      code: 0,
      output: 'boss@shop.test is a member of staff now.\n',
    });
    expect(await staffCreate(fresh.url, ['BOSS@shop.test'], 'another-password\n')).toEqual({
      code: 1,
      output: 'BOSS@shop.test has an account already; nothing was changed.\n',
    });
    expect(await fresh.query('select email, role, name from customers')).toEqual([
      { email: 'boss@shop.test', role: 'staff', name: 'boss' },
    ]);
    await fresh.drop();
  });

  it('reports each unusable input in one line', async () => {
    const refusals = [
      await staffCreate(database.url, [], ''),
      await staffCreate(database.url, ['boss@shop.test'], 'short\n'),
      await staffCreate(database.url, ['nonsense'], 'a-long-password\n'),
      await staffCreate('postgres://127.0.0.1:1/none', ['boss@shop.test'], 'a-long-password\n'),
    ];
    for (const { code, output } of refusals) {
      expect(code).toBe(1);
      expect(output.trimEnd().split('\n')).toHaveLength(1);
    }
  });
});

async function staffCreate(url: string, args: string[], stdin: string) {
  const script = new URL('../dist/staff-create.js', import.meta.url).pathname;
  const child = spawn(process.execPath, [script, ...args], { env: { ...process.env, ACCOUNTS_DATABASE_URL: url } });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (data) => (output += String(data)));
  child.stdin.end(stdin);
  const [code] = (await once(child, 'close')) as [number];
  return { code, output };
}
