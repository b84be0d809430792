// The cached copy of a customer must not outlive a change, in any interleaving of reads and changes.
import type { SessionAnswer } from '@shop/contracts/accounts';
import { AppError } from '@shop/rpc/errors';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { openShop, Client, type Shop } from './shop.js';

let shop: Shop;
let ada: Client;
beforeEach(async () => {
  shop = await openShop({ RATE_LIMITS: 'off' });
  ada = await new Client(shop).logIn();
  await shop.emptyCache();
  await ada.logIn();
});
afterEach(() => shop.stop());

const name = async () => (await ada.get<SessionAnswer>('/api/session')).body.customer?.name;
const rename = () => ada.patch('/api/customers/me', { name: 'Ada L.' });

it('a read that began before a change does not cache the customer', async () => {
  const read = shop.accounts.getCustomer!;
  let answer: (() => void) | undefined;
  shop.accounts.getCustomer = async (input) => {
    const customer = await read(input);
    await new Promise<void>((resolve) => (answer = resolve));
    return customer;
  };
  const reading = name();
  await vi.waitFor(() => expect(answer).toBeDefined());
  shop.accounts.getCustomer = read;
  expect((await rename()).status).toBe(200);
  answer!();
  expect(await reading).toBe('Ada');
  expect(await name()).toBe('Ada L.');
});

it('a change that was made but returned an error evicts the cached customer', async () => {
  expect(await name()).toBe('Ada');
  const update = shop.accounts.updateCustomer!;
  shop.accounts.updateCustomer = async (input) => {
    await update(input);
    throw new AppError('unavailable');
  };
  expect((await rename()).status).toBe(503);
  expect(await name()).toBe('Ada L.');
});
