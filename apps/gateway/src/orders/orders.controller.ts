import { Body, Controller, Get, Headers, HttpCode, Param, Post, Query, Res, UseGuards } from '@nestjs/common';
import { Order, OrderPage, OrderRequest, ordersRpc } from '@shop/contracts/orders';
import { StaffOrder } from '@shop/contracts/staff';
import { Cursor, Limit } from '@shop/contracts/values';
import { Rpc } from '@shop/rpc/rpc';
import type { FastifyReply } from 'fastify';
import * as z from 'zod';
import { Checkout } from './checkout.js';
import { Documented, orderParam } from '../docs/documented.js';
import { readId } from '../path-params.js';
import { CurrentSession, LoggedIn } from '../sessions/guards.js';
import { readKey } from './idempotency-key.js';
import { RateLimits } from '../sessions/rate-limits.js';
import { OrderCustomers } from './order-customers.js';
import type { CustomerSession } from '../sessions/visitors.js';

const OrderQuery = z.strictObject({ limit: Limit, cursor: Cursor.optional() });

@Controller('api/orders')
@UseGuards(LoggedIn)
export class OrdersController {
  constructor(
    private readonly rpc: Rpc,
    private readonly checkout: Checkout,
    private readonly limits: RateLimits,
    private readonly customers: OrderCustomers,
  ) {}

  @Post()
  @HttpCode(202)
  @Documented({
    summary: 'Order these lines, or without lines your cart',
    description:
      'The same key with the same body answers the same order, as it stands then. Whether it was paid shows in its status. ' +
      'One state of a cart is ordered once: under another key it is refused, naming the order in orderId.',
    status: 202,
    answer: Order,
    access: 'customer',
    headers: { 'Idempotency-Key': { description: 'Your name for this order', required: true, example: 'cart-1f3a' } },
    answerHeaders: { Location: 'Where the order is' },
    refuses: [
      'idempotency_key_required',
      'empty_order',
      'out_of_stock',
      'price_changed',
      'cart_already_ordered',
      'idempotency_key_reused',
      'rate_limited',
    ],
    example: { payment: { method: 'card', token: 'tok_ok' } },
  })
  async place(
    @CurrentSession() session: CustomerSession,
    @Headers('idempotency-key') key: string | undefined,
    @Body({ schema: OrderRequest }) body: OrderRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<Order> {
    const idempotencyKey = readKey(key);
    await this.limits.take('ordersPerCustomer', session.customerId);
    const order = await this.checkout.place(session, idempotencyKey, body);
    void reply.header('location', `/api/orders/${order.id}`);
    return order;
  }

  @Get()
  @Documented({ summary: 'Your orders, newest first', answer: OrderPage, access: 'customer' })
  list(
    @CurrentSession() { customerId }: CustomerSession,
    @Query({ schema: OrderQuery }) query: z.infer<typeof OrderQuery>,
  ): Promise<OrderPage> {
    return this.rpc.call(ordersRpc.listOrders, { ...query, customerId });
  }

  @Get(':id')
  @Documented({
    summary: 'One order of yours',
    description: 'Staff see all, each with who placed it: customerId and customer are for them only.',
    answer: StaffOrder,
    access: 'customer',
    params: orderParam,
    refuses: ['not_found'],
  })
  async get(
    @CurrentSession() { customerId, customer }: CustomerSession,
    @Param('id') text: string,
  ): Promise<StaffOrder> {
    const id = readId('order', text);
    if (customer.role !== 'staff') return this.rpc.call(ordersRpc.getOrder, { id, customerId });
    const [order] = await this.customers.addTo([await this.rpc.call(ordersRpc.getOrder, { id })]);
    return order!;
  }
}
