import { Body, Controller, Get, Headers, HttpCode, Param, Post, Query, UseGuards } from '@nestjs/common';
import { accountsRpc } from '@shop/contracts/accounts';
import { Order, OrderNumber, OrderStatus, RefundRequest, ordersRpc } from '@shop/contracts/orders';
import { RefundList, paymentsRpc } from '@shop/contracts/payments';
import { StaffOrderPage } from '@shop/contracts/staff';
import { Cursor, Id, Limit, SearchText } from '@shop/contracts/values';
import { Rpc } from '@shop/rpc/rpc';
import * as z from 'zod';
import { Documented } from '../documented.js';
import { readIdempotencyKey } from '../orders/idempotency-key.js';
import { OrderCustomers } from '../orders/order-customers.js';
import { readId } from '../path-params.js';
import { Staff } from '../sessions/guards.js';

const StaffOrderQuery = z.strictObject({
  q: SearchText.optional().meta({ description: 'An id, an order number, an e-mail address or a name' }),
  status: OrderStatus.optional(),
  limit: Limit,
  cursor: Cursor.optional(),
});

@Controller('api')
@UseGuards(Staff)
export class StaffOrdersController {
  constructor(
    private readonly rpc: Rpc,
    private readonly customers: OrderCustomers,
  ) {}

  @Get('staff/orders')
  @Documented({
    summary: 'Orders of all customers, newest first',
    description:
      'q is the id of an order or of a customer, an order number as pages show it (the last 8 digits of its id), or the ' +
      'beginning of a customer’s e-mail address, of a name or of a last name (of the customer or on the shipping address), ' +
      'case-insensitive. It considers at most 100 customers, 1000 addresses and, with status, the newest 5000 orders of ' +
      'those customers.',
    answer: StaffOrderPage,
  })
  async list(@Query({ schema: StaffOrderQuery }) query: z.infer<typeof StaffOrderQuery>): Promise<StaffOrderPage> {
    const customerIds = query.q === undefined ? undefined : await this.findCustomers(query.q);
    const { items, nextCursor } = await this.rpc.call(ordersRpc.listOrders, {
      ...query,
      ...(customerIds && { customerIds }),
    });
    return { items: await this.customers.addTo(items), nextCursor };
  }

  @Post('orders/:id/refunds')
  @HttpCode(202)
  @Documented({
    summary: 'Refund an order',
    description:
      'Without amountCents it refunds the rest. The money goes back to the card or the store credit that paid, and then ' +
      'refundedCents grows; the order is refunded when nothing is left. A refund can fail, even days later: then ' +
      'refundedCents shrinks again, and the key of this refund is refused.',
    answer: Order,
    headers: { 'Idempotency-Key': { description: 'Identifies this refund', required: true, example: 'parcel-7' } },
    refuses: ['idempotency_key_required', 'refund_exceeds_payment', 'idempotency_key_reused', 'refund_failed'],
    example: { amountCents: 500, reason: 'One lamp came broken' },
  })
  refund(
    @Param('id') text: string,
    @Headers('idempotency-key') key: string | undefined,
    @Body({ schema: RefundRequest }) refund: RefundRequest,
  ): Promise<Order> {
    const [id, idempotencyKey] = [readId('order', text), readIdempotencyKey(key)];
    return this.rpc.call(ordersRpc.refundOrder, { ...refund, id, idempotencyKey });
  }

  @Get('orders/:id/refunds')
  @Documented({
    summary: 'The refunds of an order, including failed ones',
    description: 'The newest 100, newest first. `failure` is the reason that the payment provider gave.',
    answer: RefundList,
  })
  async refunds(@Param('id') text: string): Promise<RefundList> {
    const id = readId('order', text);
    const [refunds] = await Promise.all([
      this.rpc.call(paymentsRpc.listRefunds, { orderId: id }),
      this.rpc.call(ordersRpc.getOrder, { id }), // not_found
    ]);
    return refunds;
  }

  /** Throws while accounts is down: an empty list would say that the customer has no orders. */
  private async findCustomers(q: string): Promise<string[] | undefined> {
    if (Id.safeParse(q).success || OrderNumber.safeParse(q).success) return undefined;
    return (await this.rpc.call(accountsRpc.findCustomers, { q })).ids;
  }
}
