// The table of orders: its entity, and the migrations that make it.
import { CreateOrders1763769600000 } from './migrations/1763769600000-create-orders.js';
import { WithdrawOrders1763769600003 } from './migrations/1763769600003-withdraw-orders.js';
import { ListRareOrders1763769600005 } from './migrations/1763769600005-list-rare-orders.js';
import { OrderACartOnce1764600000100 } from './migrations/1764600000100-order-a-cart-once.js';
import { WriteTheCurrency1764600000101 } from './migrations/1764600000101-write-the-currency.js';
import { IndexOrdersOfCarts1764600000102 } from './migrations/1764600000102-index-orders-of-carts.js';
import { CountRefundChanges1764600000203 } from './migrations/1764600000203-count-refund-changes.js';
import { IndexOrderNumbers1764600000600 } from './migrations/1764600000600-index-order-numbers.js';
import { IndexAddressees1764600000601 } from './migrations/1764600000601-index-addressees.js';
import { IndexLastNamesOfAddressees1764600000602 } from './migrations/1764600000602-index-last-names-of-addressees.js';
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
  IndexOrderNumbers1764600000600,
  IndexAddressees1764600000601,
  IndexLastNamesOfAddressees1764600000602,
];
