// The copy of who a customer is must not outlive a change, however reads and changes meet.
import type { SessionAnswer } from '@shop/contracts/accounts';
import { AppError } from '@shop/rpc/errors';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { openShop, Visitor, type Shop } from './shop.js';

let shop: Shop;
let ada: Visitor;
beforeEach(async () => {
  shop = await openShop({ RATE_LIMITS: 'off' });
  ada = await new Visitor(shop).logIn();
  await shop.emptyCache();
  await ada.logIn();
});
afterEach(() => shop.stop());

const name = async () => (await ada.get<SessionAnswer>('/api/session')).body.customer?.name;
const rename = () => ada.patch('/api/customers/me', { name: 'Ada L.' });

it('is not stored by a read that began before the change', async () => {
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

it('is forgotten also when the change was made but answered with an error', async () => {
  expect(await name()).toBe('Ada');
  const update = shop.accounts.updateCustomer!;
  shop.accounts.updateCustomer = async (input) => {
    await update(input);
    throw new AppError('unavailable');
  };
  expect((await rename()).status).toBe(503);
  expect(await name()).toBe('Ada L.');
});
