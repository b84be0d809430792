import { accountsRpc } from '@shop/contracts/accounts';
import { startForTest } from '@shop/kit/testing/services';
import { createTestDatabase } from '@shop/kit/testing/stores';
import { Rpc } from '@shop/rpc/rpc';
import { expect, it } from 'vitest';
import { accounts } from '../src/accounts.module.js';

it('customers can be read during a burst of log-ins', async () => {
  const database = await createTestDatabase('accounts');
  const service = await startForTest(accounts, { ACCOUNTS_DATABASE_URL: database.url });
  const rpc = new Rpc({ addresses: { accounts: `127.0.0.1:${service.rpcPort}` } });
  const ada = { email: 'ada@example.org', password: 'correct-horse', name: 'Ada' };
  const { id } = await rpc.call(accountsRpc.createCustomer, ada);

  let answered = 0;
  const logIn = () =>
    rpc
      .call(accountsRpc.checkCredentials, { email: ada.email, password: ada.password })
      .then(
        () => 'done',
        ({ code }: { code: string }) => code,
      )
      .finally(() => (answered += 1));
  const burst = Promise.all(Array.from({ length: 300 }, logIn));
  expect(await rpc.call(accountsRpc.getCustomer, { id })).toMatchObject({ id });
  expect(answered).toBeLessThan(300);
  const outcomes = await burst;
  expect(outcomes).toContain('done');
  expect(outcomes).toContain('overloaded');

  rpc.close();
  await service.stop();
  await database.drop();
});
