import type { SessionAnswer } from '@shop/contracts/accounts';
import { AppError } from '@shop/rpc/errors';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { openShop, PASSWORD, Client, type Shop } from './shop.js';

let shop: Shop;
let ada: Client;
let thief: Client;
beforeEach(async () => {
  shop = await openShop({ RATE_LIMITS: 'off' });
  ada = await new Client(shop).logIn();
  thief = await new Client(shop).logIn();
});
afterEach(() => shop.stop());

const change = () => ada.put('/api/customers/me/password', { current: PASSWORD, next: 'battery-staple' });

async function whoIs(client: Client): Promise<string | undefined> {
  const { status, body } = await client.get<SessionAnswer>('/api/session');
  expect(status).toBe(200);
  return body.customer?.email;
}

it('a password change ends the other sessions even when Redis fails after the change', async () => {
  shop.accounts.changePassword = async () => {
    await shop.state.cut();
    return { done: true };
  };
  expect((await change()).status).toBe(503);
  await shop.state.mend();
  await vi.waitFor(async () => expect(await whoIs(thief)).toBeUndefined(), { timeout: 10_000 });
  expect(await whoIs(ada)).toBe('ada@example.org');
});

it('a password stays when the other sessions cannot be ended', async () => {
  const check = shop.accounts.checkCredentials!;
  shop.accounts.checkCredentials = async (input) => {
    await shop.state.cut();
    return check(input);
  };
  expect((await change()).status).toBe(503);
  expect(shop.calls.get('accounts.changePassword')).toBeUndefined();
  await shop.state.mend();
});

it('a password change ends sessions that began meanwhile, even when it returns an error', async () => {
  let late: Client | undefined;
  shop.accounts.changePassword = async () => {
    late = await new Client(shop).logIn();
    throw new AppError('unavailable');
  };
  expect((await change()).status).toBe(503);
  expect([await whoIs(thief), await whoIs(late!), await whoIs(ada)]).toEqual([undefined, undefined, 'ada@example.org']);
});

it('a log-in whose password was checked before a change begins no session', async () => {
  const check = shop.accounts.checkCredentials!;
  let answer: (() => void) | undefined;
  shop.accounts.checkCredentials = async (input) => {
    const customer = await check(input);
    await new Promise<void>((resolve) => (answer = resolve));
    return customer;
  };
  const late = new Client(shop);
  const loggingIn = late.post('/api/session', { email: 'ada@example.org', password: PASSWORD });
  await vi.waitFor(() => expect(answer).toBeDefined());
  shop.accounts.checkCredentials = check;
  expect((await change()).status).toBe(204);
  answer!();
  expect((await loggingIn).status).toBe(503);
  expect(late.cookie).toBeUndefined();
  expect(await shop.redis.zcard('sessions-of:01900000-0000-7000-8000-000000000001')).toBe(1);
  expect(await whoIs(await new Client(shop).logIn())).toBe('ada@example.org');
});
