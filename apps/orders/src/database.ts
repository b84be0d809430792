// The table of orders: its entity, and the migrations that create it.
import { indexMigration } from '@shop/kit/index-migration';
import { CountRefundChanges1764600000203 } from './migrations/count-refund-changes.js';
import { CreateOrders1763769600000 } from './migrations/create-orders.js';
import { IndexOrdersOfCarts1764600000102 } from './migrations/index-orders-of-carts.js';
import { ListRareOrders1763769600005 } from './migrations/list-rare-orders.js';
import { OrderACartOnce1764600000100 } from './migrations/order-a-cart-once.js';
import { WithdrawOrders1763769600003 } from './migrations/withdraw-orders.js';
import { WriteTheCurrency1764600000101 } from './migrations/write-the-currency.js';
import { OrderEntity } from './order.entity.js';

export const entities = [OrderEntity];
export const migrations = [
  CreateOrders1763769600000,
  WithdrawOrders1763769600003,
  ListRareOrders1763769600005,
  OrderACartOnce1764600000100,
  WriteTheCurrency1764600000101,
  IndexOrdersOfCarts1764600000102,
  CountRefundChanges1764600000203,
  // Pages show the end of an id as the number of an order.
  indexMigration('IndexOrderNumbers1764600000600', { orders_by_number: 'orders (right(id::text, 8))' }),
  // The name on the shipping address, newest orders of a name first.
  indexMigration('IndexAddressees1764600000601', {
    orders_by_addressee: `orders ((lower(shipping_address->>'name') collate "C"), id desc) where shipping_address is not null`,
  }),
  // The last word of that name.
  indexMigration('IndexLastNamesOfAddressees1764600000602', {
    orders_by_last_name_of_addressee: `
      orders ((lower(substring(shipping_address->>'name' from '[^ ]+$')) collate "C"), id desc)
      where shipping_address is not null`,
  }),
];
