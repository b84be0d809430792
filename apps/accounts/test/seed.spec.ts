import { accountsRpc } from '@shop/contracts/accounts';
import { startForTest } from '@shop/kit/testing/services';
import { createTestDatabase, type TestDatabase } from '@shop/kit/testing/stores';
import { Rpc } from '@shop/rpc/rpc';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { accounts } from '../src/accounts.module.js';

let database: TestDatabase;
beforeEach(async () => {
  database = await createTestDatabase('accounts');
});
afterEach(() => database.drop());

const boot = (env: Record<string, string> = {}) =>
  startForTest(accounts, { ACCOUNTS_DATABASE_URL: database.url, ...env });
const emails = async () =>
  (await database.query<{ email: string }>('select email from customers order by email')).map(({ email }) => email);

/** Starts accounts, registers a customer and stops it. */
async function registerDuring(env: Record<string, string> = {}): Promise<void> {
  const service = await boot(env);
  const rpc = new Rpc({ addresses: { accounts: `127.0.0.1:${service.rpcPort}` } });
  await rpc.call(accountsRpc.createCustomer, { email: 'grace@example.org', password: 'correct-horse', name: 'Grace' });
  rpc.close();
  await service.stop();
}

it('refuses to start on the database of a real shop, in one line, and adds no account', async () => {
  await registerDuring();
  const refused = await boot({ SEED: 'demo' }).catch((error: Error) => error.message);
  expect(refused).toMatch(/^SEED=demo is refused: .* Set SEED=none\.$/);
  expect(await emails()).toEqual(['grace@example.org']);
  await (await boot()).stop();
});

it('starts on a demo database where customers have registered, even after a demo account was deleted', async () => {
  await registerDuring({ SEED: 'demo' });
  await database.query(`delete from customers where email = 'demo@shop.test'`);
  await (await boot({ SEED: 'demo' })).stop();
  expect(await emails()).toEqual(['demo@shop.test', 'grace@example.org', 'staff@shop.test']);
});

it('refuses the database of a shop that has staff and no customers yet', async () => {
  await (await boot()).stop();
  await database.query(`insert into customers (id, email, name, role, password_hash)
    values (gen_random_uuid(), 'boss@example.org', 'Boss', 'staff', '')`);
  await expect(boot({ SEED: 'demo' })).rejects.toThrow('SEED=demo is refused');
  expect(await emails()).toEqual(['boss@example.org']);
});
