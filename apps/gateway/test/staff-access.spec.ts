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
