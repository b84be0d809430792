// Refunds of orders. Payments gives the money back and says how much it was; an order only keeps the sum.
import { Controller } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { ordersRpc } from '@shop/contracts/orders';
import { paymentsRpc } from '@shop/contracts/payments';
import type { InputOf, OutputOf } from '@shop/contracts/rpc';
import { crashPoint } from '@shop/kit/crash-point';
import { sql } from '@shop/kit/database';
import { AppError } from '@shop/kit/errors';
import { Handles } from '@shop/kit/rpc/handles';
import { Rpc } from '@shop/kit/rpc/rpc';
import { DataSource } from 'typeorm';
import { OrderEntity, orderOf } from './order.entity.js';

type Rpcs = typeof ordersRpc;

@Controller()
export class RefundOrder {
  constructor(
    @InjectDataSource('orders') private readonly db: DataSource,
    private readonly rpc: Rpc,
  ) {}

  @Handles(ordersRpc.refundOrder)
  async refundOrder({ id, ...refund }: InputOf<Rpcs['refundOrder']>): Promise<OutputOf<Rpcs['refundOrder']>> {
    const order = await this.db.getRepository(OrderEntity).findOneBy({ id });
    if (!order) throw new AppError('not_found');
    if (order.status !== 'paid' && order.status !== 'refunded')
      throw new AppError('refund_exceeds_payment', `This order is ${order.status}: there is nothing to give back.`);
    await this.rpc.call(paymentsRpc.requestRefund, { orderId: id, ...refund });
    crashPoint('orders.after-asking-for-refund');
    return orderOf(order);
  }

  /** The sum only grows, so being told twice, late or in another order changes nothing. */
  @Handles(ordersRpc.refundSettled)
  async refundSettled(told: InputOf<Rpcs['refundSettled']>): Promise<OutputOf<Rpcs['refundSettled']>> {
    const settled = await sql(
      this.db,
      `update orders
       set refunded_cents = greatest(refunded_cents, $2),
           status = case when $2 >= total_cents then 'refunded' else status end
       where id = $1 and status in ('paid', 'refunded')
       returning id`,
      [told.orderId, told.refundedCents],
    );
    if (settled.length === 0) throw new AppError('not_found', 'There is no such order that was paid.');
    crashPoint('orders.after-refund');
    return { done: true };
  }
}
