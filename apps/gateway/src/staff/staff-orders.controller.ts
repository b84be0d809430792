// What staff does with orders.
import { Body, Controller, Get, Headers, HttpCode, Param, Post, Query, UseGuards } from '@nestjs/common';
import { accountsRpc } from '@shop/contracts/accounts';
import { Order, OrderNumber, OrderStatus, RefundRequest, ordersRpc } from '@shop/contracts/orders';
import { RefundList, paymentsRpc } from '@shop/contracts/payments';
import { StaffOrderPage } from '@shop/contracts/staff';
import { Cursor, Id, Limit, SearchText } from '@shop/contracts/values';
import { Rpc } from '@shop/rpc/rpc';
import * as z from 'zod';
import { Documented, orderParam } from '../docs/documented.js';
import { Staff } from '../sessions/guards.js';
import { readKey } from '../orders/idempotency-key.js';
import { OrderCustomers } from '../orders/order-customers.js';
import { readId } from '../path-params.js';

const StaffOrderQuery = z.strictObject({
  q: SearchText.optional().meta({ description: 'An id, the number of an order, an e-mail address or a name' }),
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
    summary: 'Orders of everybody, newest first',
    description:
      'q is the id of an order or of a customer, the number of an order as pages show it (the last 8 digits of its id), or ' +
      'the beginning of an e-mail address, a name or a last name, whatever its case: of the customer, or for names on the ' +
      'shipping address. At most 100 customers, 1000 addresses and, with status, the newest 5000 orders of those customers are considered.',
    answer: StaffOrderPage,
    access: 'staff',
  })
  async list(@Query({ schema: StaffOrderQuery }) query: z.infer<typeof StaffOrderQuery>): Promise<StaffOrderPage> {
    const customerIds = query.q === undefined ? undefined : await this.customersLike(query.q);
    const { items, nextCursor } = await this.rpc.call(ordersRpc.listOrders, {
      ...query,
      ...(customerIds && { customerIds }),
    });
    return { items: await this.customers.addTo(items), nextCursor };
  }

  @Post('orders/:id/refunds')
  @HttpCode(202)
  @Documented({
    summary: 'Give money back',
    description:
      'Without amountCents all that is left. The money goes where it came from, and refundedCents grows once it did; the order is refunded when nothing is left. A refund may fail, also days later: then refundedCents goes back, and its key is refused.',
    status: 202,
    answer: Order,
    access: 'staff',
    params: orderParam,
    headers: { 'Idempotency-Key': { description: 'Your name for this refund', required: true, example: 'parcel-7' } },
    refuses: [
      ...(['idempotency_key_required', 'not_found', 'refund_exceeds_payment'] as const),
      ...(['idempotency_key_reused', 'refund_failed'] as const),
    ],
    example: { amountCents: 500, reason: 'One lamp came broken' },
  })
  refund(
    @Param('id') text: string,
    @Headers('idempotency-key') key: string | undefined,
    @Body({ schema: RefundRequest }) refund: RefundRequest,
  ): Promise<Order> {
    return this.rpc.call(ordersRpc.refundOrder, { ...refund, id: readId('order', text), idempotencyKey: readKey(key) });
  }

  @Get('orders/:id/refunds')
  @Documented({
    summary: 'What was given back of an order, and what was not',
    description: 'The newest hundred, newest first. One that failed says why, in the words of the payment provider.',
    answer: RefundList,
    access: 'staff',
    params: orderParam,
    refuses: ['not_found'],
  })
  async refunds(@Param('id') text: string): Promise<RefundList> {
    const id = readId('order', text);
    const [refunds] = await Promise.all([
      this.rpc.call(paymentsRpc.listRefunds, { orderId: id }),
      this.rpc.call(ordersRpc.getOrder, { id }),
    ]);
    return refunds;
  }

  /** Throws while accounts is down: an empty list would say that the customer has no orders. */
  private async customersLike(q: string): Promise<string[] | undefined> {
    if (Id.safeParse(q).success || OrderNumber.safeParse(q).success) return undefined;
    return (await this.rpc.call(accountsRpc.findCustomers, { q })).ids;
  }
}
