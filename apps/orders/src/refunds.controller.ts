// Refunds of orders. Payments makes them; an order keeps their sum.
import { Controller } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { ordersRpc } from '@shop/contracts/orders';
import { paymentsRpc } from '@shop/contracts/payments';
import type { InputOf, OutputOf } from '@shop/contracts/rpc';
import { failPoint } from '@shop/kit/fail-point';
import { sql } from '@shop/kit/database';
import { AppError } from '@shop/rpc/errors';
import { Handles } from '@shop/rpc/handles';
import { Rpc } from '@shop/rpc/rpc';
import { DataSource } from 'typeorm';
import { OrderEntity, toOrder } from './order.entity.js';

type Rpcs = typeof ordersRpc;

@Controller()
export class RefundsController {
  constructor(
    @InjectDataSource('orders') private readonly db: DataSource,
    private readonly rpc: Rpc,
  ) {}

  @Handles(ordersRpc.refundOrder)
  async refundOrder({ id, ...refund }: InputOf<Rpcs['refundOrder']>): Promise<OutputOf<Rpcs['refundOrder']>> {
    const order = await this.db.getRepository(OrderEntity).findOneBy({ id });
    if (!order) throw new AppError('not_found');
    if (order.status !== 'paid' && order.status !== 'refunded')
      throw new AppError('refund_exceeds_payment', `This order is ${order.status}: there is nothing to refund.`);
    await this.rpc.call(paymentsRpc.requestRefund, { orderId: id, ...refund });
    failPoint('orders.after-asking-for-refund');
    return toOrder(order);
  }

  /**
   * The sum rises with refunds, and falls with refunds that fail later. Its revision says which sum is newer, so duplicates
   * and late messages change nothing. An older version of payments sends no revision and only sums that grow: these are
   * accepted as long as the order has no revision and refused afterwards, so that payments retries until it is replaced.
   */
  @Handles(ordersRpc.refundSettled)
  async refundSettled(message: InputOf<Rpcs['refundSettled']>): Promise<OutputOf<Rpcs['refundSettled']>> {
    const { orderId, refundedCents, revision } = message;
    const [order] = await sql<{ revision: number }>(
      this.db,
      `update orders
       set (refunded_cents, status, refund_revision) = (
         select cents, case when cents > 0 and cents >= total_cents then 'refunded' else 'paid' end, greatest(refund_revision, $3)
         from (select case
           when $3::int is null and refund_revision = 0 then greatest(refunded_cents, $2)
           when $3 >= refund_revision then $2
           else refunded_cents end as cents) message
       )
       where id = $1 and status in ('paid', 'refunded')
       returning refund_revision as revision`,
      [orderId, refundedCents, revision ?? null],
    );
    if (!order) throw new AppError('not_found', 'There is no paid order with this id.');
    if (revision === undefined && order.revision > 0) throw new AppError('unavailable', 'A revision is needed.');
    failPoint('orders.after-refund');
    return { done: true, revision: order.revision };
  }
}
