import type { Order, OrderOfCustomer } from '@shop/contracts/orders';
import type { StaffOrder, StaffOrderPage } from '@shop/contracts/staff';
import { AppError } from '@shop/rpc/errors';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { examples } from './examples.js';
import { ADA, openShop, SAM, Visitor, type Shop } from './shop.js';

const GONE = '01900000-0000-7000-8000-00000000dead';
const order = examples.Order as Order;

let shop: Shop;
let staff: Visitor;
let ada: Visitor;
beforeEach(async () => {
  shop = await openShop({ RATE_LIMITS: 'off' });
  staff = await new Visitor(shop).logIn('sam@example.org');
  ada = await new Visitor(shop).logIn();
  const orders = [ADA, GONE, SAM, ADA].map((customerId): OrderOfCustomer => ({ ...order, customerId }));
  shop.orders.listOrders = () => ({ items: orders, nextCursor: null });
  shop.orders.getOrder = ({ customerId }) => ({ ...order, ...(customerId === undefined && { customerId: ADA }) });
});
afterEach(() => shop.stop());

const calls = (procedure: string) => shop.calls.get(procedure) ?? [];
const list = async (query = '') => (await staff.get<StaffOrderPage>(`/api/staff/orders${query}`)).body.items;
const down = () => {
  throw new AppError('unavailable');
};
const buyer = { id: ADA, name: 'Ada', email: 'ada@example.org' };

describe('staff see who placed an order', () => {
  it('in the list, by one call for all of its customers; null for a deleted one', async () => {
    expect((await list()).map(({ customer }) => customer)).toEqual([
      buyer,
      null,
      { id: SAM, name: 'Sam', email: 'sam@example.org' },
      buyer,
    ]);
    expect(calls('accounts.getCustomers')).toEqual([{ ids: [ADA, GONE, SAM] }]);
  });

  it('on the order itself, which tells its customer nothing more than the address', async () => {
    const path = `/api/orders/${order.id}`;
    expect((await staff.get<StaffOrder>(path)).body).toEqual({ ...order, customerId: ADA, customer: buyer });
    expect((await ada.get<StaffOrder>(path)).body).toEqual(order);
    expect(calls('orders.getOrder').at(-1)).toEqual({ id: order.id, customerId: ADA });
  });

  it('but only the order while accounts is down', async () => {
    shop.accounts.getCustomers = down;
    const items = await list();
    expect(items).toHaveLength(4);
    for (const item of items) expect(item).not.toHaveProperty('customer');
    expect((await staff.get<StaffOrder>(`/api/orders/${order.id}`)).body).toMatchObject({ customerId: ADA });
  });
});

describe('staff find orders', () => {
  it('by an e-mail address or a name: of customers and on addresses', async () => {
    await list('?q=%20ADA@example.org&status=paid&limit=5&cursor=abc');
    expect(calls('accounts.findCustomers')).toEqual([{ q: 'ADA@example.org' }]);
    const page = { status: 'paid', limit: 5, cursor: 'abc' };
    expect(calls('orders.listOrders')).toEqual([{ q: 'ADA@example.org', customerIds: [ADA], ...page }]);
  });

  it('by an id or an order number without asking accounts', async () => {
    for (const q of [order.id, ADA.toUpperCase(), 'DEADBEEF', '%23deadbeef']) await list(`?q=${q}`);
    expect(calls('accounts.findCustomers')).toEqual([]);
    expect(calls('orders.listOrders')).toHaveLength(4);
  });

  it('only by id or number while accounts is down', async () => {
    shop.accounts.findCustomers = down;
    expect((await staff.get('/api/staff/orders?q=ada')).status).toBe(503);
    expect((await staff.get('/api/staff/orders?q=deadbeef')).status).toBe(200);
  });
});
