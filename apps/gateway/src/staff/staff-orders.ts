// Orders as staff see them: with who placed them.
import { Injectable } from '@nestjs/common';
import { accountsRpc } from '@shop/contracts/accounts';
import { OrderNumber, ordersRpc, type OrderOfCustomer, type OrderStatus } from '@shop/contracts/orders';
import type { StaffOrder, StaffOrderPage } from '@shop/contracts/staff';
import { Id } from '@shop/contracts/values';
import { Log } from '@shop/kit/log';
import { Rpc } from '@shop/rpc/rpc';

export interface StaffOrderSearch {
  q?: string | undefined;
  status?: OrderStatus | undefined;
  limit: number;
  cursor?: string | undefined;
}

@Injectable()
export class StaffOrders {
  constructor(
    private readonly rpc: Rpc,
    private readonly log: Log,
  ) {}

  async list(search: StaffOrderSearch): Promise<StaffOrderPage> {
    const customerIds = search.q === undefined ? undefined : await this.customersLike(search.q);
    const { items, nextCursor } = await this.rpc.call(ordersRpc.listOrders, {
      ...search,
      ...(customerIds && { customerIds }),
    });
    return { items: await this.withCustomers(items), nextCursor };
  }

  /** All customers by one call; while accounts is down orders are shown without them. */
  async withCustomers(orders: OrderOfCustomer[]): Promise<StaffOrder[]> {
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

  /** Not while accounts is down: that a customer has no orders must not be said for want of knowing. */
  private async customersLike(q: string): Promise<string[] | undefined> {
    if (Id.safeParse(q).success || OrderNumber.safeParse(q).success) return undefined;
    return (await this.rpc.call(accountsRpc.findCustomers, { q })).ids;
  }
}
