import type { StaffHealth } from '@shop/contracts/staff';
import { AppError } from '@shop/kit/errors';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openShop, Visitor, type Shop } from './shop.js';

let shop: Shop;
beforeAll(async () => {
  shop = await openShop({ RATE_LIMITS: 'off' });
});
afterAll(() => shop.stop());

it('a proxy learns who is of staff', async () => {
  const access = async (visitor: Visitor) => (await visitor.get('/api/staff/access')).status;
  expect(await access(new Visitor(shop))).toBe(401);
  expect(await access(await new Visitor(shop).logIn())).toBe(403);
  expect(await access(await new Visitor(shop).logIn('sam@example.org'))).toBe(204);
});

it('staff see which services answer', async () => {
  const staff = await new Visitor(shop).logIn('sam@example.org');
  const before = shop.payments.getCredit;
  shop.payments.getCredit = () => {
    throw new AppError('unavailable');
  };
  const { status, body } = await staff.get<StaffHealth>('/api/staff/health');
  shop.payments.getCredit = before;
  expect([status, Object.fromEntries(body.services.map(({ name, up }) => [name, up]))]).toEqual([
    200,
    { accounts: true, catalog: true, orders: true, payments: false },
  ]);
  expect((await new Visitor(shop).get('/api/staff/health')).status).toBe(401);
});
