// Reads orders.
import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import {
  OrderNumber,
  type Order,
  type OrderOfCustomer,
  type ordersRpc,
  type OrderStatus,
} from '@shop/contracts/orders';
import type { InputOf, OutputOf } from '@shop/contracts/rpc';
import { Id } from '@shop/contracts/values';
import { sql } from '@shop/kit/database';
import { AppError, invalidRequest } from '@shop/rpc/errors';
import { DataSource, In, IsNull, LessThan, MoreThan, Not, type FindOptionsWhere } from 'typeorm';
import { OrderEntity, toOrder } from './order.entity.js';
import { findOrders } from './order-search.js';

type Rpcs = typeof ordersRpc;

/** An indexed condition that holds for every order of a rare status. Without it a list would read all orders. */
const indexed: Record<OrderStatus, FindOptionsWhere<OrderEntity>> = {
  new: { nextSweepAt: Not(IsNull()) },
  pending: { nextSweepAt: Not(IsNull()) },
  paid: {},
  rejected: { reason: Not(IsNull()) },
  refunded: { refundedCents: MoreThan(0) },
};

/** Excludes rows that are not orders: keys that were refused because their cart had been ordered, and cancelled orders. */
const listed: FindOptionsWhere<OrderEntity> = { alreadyOrderedAs: IsNull(), cancelledAt: IsNull() };

@Injectable()
export class OrdersService {
  constructor(@InjectDataSource('orders') private readonly db: DataSource) {}

  /** With `customerId` the orders of other customers do not exist. */
  async get({ id, customerId }: InputOf<Rpcs['getOrder']>): Promise<OrderOfCustomer> {
    const where = { id, ...(customerId && { customerId }), ...listed };
    const order = await this.db.getRepository(OrderEntity).findOneBy(where);
    if (!order) throw new AppError('not_found');
    return seenBy(customerId)(order);
  }

  /** Unknown ids are left out. */
  states(ids: string[]): Promise<Pick<Order, 'id' | 'status'>[]> {
    return sql(this.db, 'select id, status from orders where id = any($1)', [ids]);
  }

  /** Newest first: ids are ordered by time. Without `customerId` the orders of all customers. */
  async list(query: InputOf<Rpcs['listOrders']>): Promise<OutputOf<Rpcs['listOrders']>> {
    const { customerId, limit } = query;
    const before = query.cursor === undefined ? undefined : idOfCursor(query.cursor);
    const rows = await this.rows(query, before);
    const items = rows.slice(0, limit).map(seenBy(customerId));
    const last = items.at(-1);
    return { items, nextCursor: rows.length > limit && last ? cursorOfId(last.id) : null };
  }

  /** One more than `limit` when there are more. */
  private async rows(query: InputOf<Rpcs['listOrders']>, before: string | undefined): Promise<OrderEntity[]> {
    const { customerId, q, customerIds = [], status, limit } = query;
    const orders = this.db.getRepository(OrderEntity);
    const id = q === undefined ? undefined : Id.safeParse(q).data;
    if (q !== undefined && id === undefined) {
      const search = { number: OrderNumber.safeParse(q).data, name: q, customerIds, status, before, limit: limit + 1 };
      return orders.find({ where: { id: In(await findOrders(this.db, search)), ...listed }, order: { id: 'desc' } });
    }
    const all = {
      ...listed,
      ...(customerId && { customerId }),
      ...(status && { status, ...indexed[status] }),
      ...(before && { id: LessThan(before) }),
    };
    return orders.find({
      // The id may be that of an order or of a customer.
      where: id ? [{ customerId: id, ...all }, ...(before ? [] : [{ ...all, id }])] : all,
      order: { id: 'desc' },
      take: limit + 1,
    });
  }
}

/** Without `customerId` the reader is staff, who see the customer of each order. */
function seenBy(customerId: string | undefined): (row: OrderEntity) => OrderOfCustomer {
  return (row) => ({ ...toOrder(row), ...(customerId === undefined && { customerId: row.customerId }) });
}

/** A cursor is the sixteen bytes of the last id. */
function cursorOfId(id: string): string {
  return Buffer.from(id.replaceAll('-', ''), 'hex').toString('base64url');
}

function idOfCursor(cursor: string): string {
  const bytes = Buffer.from(cursor, 'base64url');
  if (bytes.length !== 16 || bytes.toString('base64url') !== cursor) {
    throw invalidRequest([{ path: ['cursor'], message: 'is not a cursor of this list' }]);
  }
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}
