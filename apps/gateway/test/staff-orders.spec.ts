import type { Order, OrderOfCustomer } from '@shop/contracts/orders';
import type { StaffOrder, StaffOrderPage } from '@shop/contracts/staff';
import { AppError } from '@shop/rpc/errors';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { examples } from './examples.js';
import { ADA, openShop, SAM, Client, type Shop } from './shop.js';

const GONE = '01900000-0000-7000-8000-00000000dead';
const order = examples.Order as Order;

let shop: Shop;
let staff: Client;
let ada: Client;
beforeEach(async () => {
  shop = await openShop({ RATE_LIMITS: 'off' });
  staff = await new Client(shop).logIn('sam@example.org');
  ada = await new Client(shop).logIn();
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

describe('the customer of an order', () => {
  it('is in the list for staff, with one call for all customers, and null once deleted', async () => {
    expect((await list()).map(({ customer }) => customer)).toEqual([
      buyer,
      null,
      { id: SAM, name: 'Sam', email: 'sam@example.org' },
      buyer,
    ]);
    expect(calls('accounts.getCustomers')).toEqual([{ ids: [ADA, GONE, SAM] }]);
  });

  it('is on the order for staff, but not for the customer', async () => {
    const path = `/api/orders/${order.id}`;
    expect((await staff.get<StaffOrder>(path)).body).toEqual({ ...order, customerId: ADA, customer: buyer });
    expect((await ada.get<StaffOrder>(path)).body).toEqual(order);
    expect(calls('orders.getOrder').at(-1)).toEqual({ id: order.id, customerId: ADA });
  });

  it('is left out while accounts is down', async () => {
    shop.accounts.getCustomers = down;
    const items = await list();
    expect(items).toHaveLength(4);
    for (const item of items) expect(item).not.toHaveProperty('customer');
    expect((await staff.get<StaffOrder>(`/api/orders/${order.id}`)).body).toMatchObject({ customerId: ADA });
  });
});

describe('the search for orders', () => {
  it('finds them by the e-mail address or name of customers and by the name on addresses', async () => {
    await list('?q=%20ADA@example.org&status=paid&limit=5&cursor=abc');
    expect(calls('accounts.findCustomers')).toEqual([{ q: 'ADA@example.org' }]);
    const page = { status: 'paid', limit: 5, cursor: 'abc' };
    expect(calls('orders.listOrders')).toEqual([{ q: 'ADA@example.org', customerIds: [ADA], ...page }]);
  });

  it('finds them by id or order number without a call to accounts', async () => {
    for (const q of [order.id, ADA.toUpperCase(), 'DEADBEEF', '%23deadbeef']) await list(`?q=${q}`);
    expect(calls('accounts.findCustomers')).toEqual([]);
    expect(calls('orders.listOrders')).toHaveLength(4);
  });

  it('works only by id or order number while accounts is down', async () => {
    shop.accounts.findCustomers = down;
    expect((await staff.get('/api/staff/orders?q=ada')).status).toBe(503);
    expect((await staff.get('/api/staff/orders?q=deadbeef')).status).toBe(200);
  });
});
