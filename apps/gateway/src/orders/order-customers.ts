// Adds to orders who placed them, which staff see.
import { Injectable } from '@nestjs/common';
import { accountsRpc } from '@shop/contracts/accounts';
import type { OrderOfCustomer } from '@shop/contracts/orders';
import type { StaffOrder } from '@shop/contracts/staff';
import { Log } from '@shop/kit/log';
import { Rpc } from '@shop/rpc/rpc';

@Injectable()
export class OrderCustomers {
  constructor(
    private readonly rpc: Rpc,
    private readonly log: Log,
  ) {}

  /** One call for all customers. While accounts is down the orders are returned without them. */
  async addTo(orders: OrderOfCustomer[]): Promise<StaffOrder[]> {
    const ids = [...new Set(orders.flatMap(({ customerId }) => customerId ?? []))];
    if (ids.length === 0) return orders;
    try {
      const { customers } = await this.rpc.call(accountsRpc.getCustomers, { ids });
      const byId = new Map(customers.map(({ id, name, email }) => [id, { id, name, email }]));
      return orders.map((order) => ({ ...order, customer: byId.get(order.customerId!) ?? null }));
    } catch (error) {
      this.log.throttled('orders without customers', { err: error }, 'orders are shown without their customers');
      return orders;
    }
  }
}
