import { createHash } from 'node:crypto';
import { Body, Controller, Get, Headers, HttpCode, Param, Post, Query, Res, UseGuards } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { IdempotencyKey, Order, OrderPage, OrderRequest, ordersRpc } from '@shop/contracts/orders';
import { Cursor, Id, Limit } from '@shop/contracts/values';
import { AppError } from '@shop/kit/errors';
import { Log } from '@shop/kit/log';
import { Rpc } from '@shop/kit/rpc/rpc';
import type { FastifyReply } from 'fastify';
import * as z from 'zod';
import { CartView } from './cart-view.js';
import { Carts, cartOf } from './carts.js';
import { Customers } from './customers.js';
import { Documented } from './documented.js';
import { CurrentSession, LoggedIn, type CustomerSession } from './guards.js';
import { RateLimits } from './rate-limits.js';

const OrderQuery = z.strictObject({ limit: Limit, cursor: Cursor.optional() });

@ApiTags('orders')
@Controller('api/orders')
@UseGuards(LoggedIn)
export class OrdersController {
  constructor(
    private readonly rpc: Rpc,
    private readonly carts: Carts,
    private readonly view: CartView,
    private readonly customers: Customers,
    private readonly limits: RateLimits,
    private readonly log: Log,
  ) {}

  @Post()
  @HttpCode(202)
  @Documented({
    summary: 'Order these lines, or without lines your cart',
    description:
      'The same key with the same body answers the same order, as it stands then. Whether it was paid shows in its status.',
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
    const { customerId } = session;
    const idempotencyKey = readKey(key);
    await this.limits.take('ordersPerCustomer', customerId);
    const { order, cartVersion } = await this.rpc.call(ordersRpc.placeOrder, {
      ...body,
      ...(body.lines ? { lines: body.lines } : await this.cartLines(session)),
      customerId,
      idempotencyKey,
      bodyHash: hashOf(body),
    });
    if (cartVersion !== undefined) await this.emptyCart(session, cartVersion);
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
    summary: 'One order of yours; staff sees all',
    answer: Order,
    access: 'customer',
    params: { id: { description: 'The id of an order', example: '01900000-0000-7000-8000-00000000000a' } },
    refuses: ['not_found'],
  })
  async get(@CurrentSession() { customerId }: CustomerSession, @Param('id') text: string): Promise<Order> {
    const id = Id.safeParse(text);
    if (!id.success) throw new AppError('not_found', 'There is no such order.');
    const { role } = await this.customers.get(customerId);
    return this.rpc.call(ordersRpc.getOrder, { id: id.data, customerId: role === 'staff' ? undefined : customerId });
  }

  /** What the shopper sees in the cart is what is ordered: products that are gone are not in it. */
  private async cartLines(session: CustomerSession) {
    const cart = await this.carts.read(cartOf(session));
    const { lines } = await this.view.of(cart);
    return { lines: lines.map(({ productId, quantity }) => ({ productId, quantity })), cartVersion: cart.version };
  }

  /** The order stands by now, so no failure here may hide it; asking again with the same key empties the cart as well. */
  private async emptyCart(session: CustomerSession, version: string): Promise<void> {
    try {
      await this.carts.clear(cartOf(session), version);
    } catch (error) {
      this.log.warn({ err: error }, 'an ordered cart was not emptied');
    }
  }
}

function readKey(header: string | undefined): string {
  if (!header) throw new AppError('idempotency_key_required');
  const key = IdempotencyKey.safeParse(header);
  if (key.success) return key.data;
  const message = key.error.issues[0]!.message;
  throw new AppError('invalid_request', `Idempotency-Key: ${message}`, {
    errors: [{ field: 'Idempotency-Key', message }],
  });
}

/**
 * Of the body after validation, whose keys stand in the schema's order: the same request stays the same when a client
 * or a proxy writes its JSON anew.
 */
function hashOf(body: OrderRequest): string {
  return createHash('sha256').update(JSON.stringify(body)).digest('hex');
}
