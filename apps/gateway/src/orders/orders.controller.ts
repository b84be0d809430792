import { Body, Controller, Get, Headers, HttpCode, Param, Post, Query, Res, UseGuards } from '@nestjs/common';
import { Order, OrderPage, OrderRequest, ordersRpc } from '@shop/contracts/orders';
import { StaffOrder } from '@shop/contracts/staff';
import { Cursor, Limit } from '@shop/contracts/values';
import { Rpc } from '@shop/rpc/rpc';
import type { FastifyReply } from 'fastify';
import * as z from 'zod';
import { Documented } from '../documented.js';
import { readId } from '../path-params.js';
import { CurrentSession, LoggedIn } from '../sessions/guards.js';
import { RateLimits } from '../sessions/rate-limits.js';
import type { CustomerSession } from '../sessions/request-session.js';
import { Checkout } from './checkout.js';
import { readIdempotencyKey } from './idempotency-key.js';
import { OrderCustomers } from './order-customers.js';

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
      'The same key with the same body returns the same order in its current state; `status` says whether it was paid. ' +
      'Each version of a cart can be ordered once: under another key it is refused, with the order in `orderId`.',
    answer: Order,
    headers: { 'Idempotency-Key': { description: 'Identifies this order', required: true, example: 'cart-1f3a' } },
    answerHeaders: { Location: 'URL of the order' },
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
    const idempotencyKey = readIdempotencyKey(key);
    await this.limits.take('ordersPerCustomer', session.customerId);
    const order = await this.checkout.place(session, idempotencyKey, body);
    void reply.header('location', `/api/orders/${order.id}`);
    return order;
  }

  @Get()
  @Documented({ summary: 'Your orders, newest first', answer: OrderPage })
  list(
    @CurrentSession() { customerId }: CustomerSession,
    @Query({ schema: OrderQuery }) query: z.infer<typeof OrderQuery>,
  ): Promise<OrderPage> {
    return this.rpc.call(ordersRpc.listOrders, { ...query, customerId });
  }

  @Get(':id')
  @Documented({
    summary: 'One of your orders',
    description: 'Staff may read all orders, and only they see customerId and customer.',
    answer: StaffOrder,
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
