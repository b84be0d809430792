// Settles an order once it is certain whether it was paid.
import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { catalogRpc } from '@shop/contracts/catalog';
import type { PayloadOf } from '@shop/contracts/jobs';
import { ordersJobs } from '@shop/contracts/orders';
import { paymentsRpc } from '@shop/contracts/payments';
import { failPoint } from '@shop/kit/fail-point';
import { Log } from '@shop/kit/log';
import { HandlesJob } from '@shop/kit/handles-job';
import { Rpc } from '@shop/rpc/rpc';
import { DataSource } from 'typeorm';
import { moveOrder } from './order-writes.js';

@Injectable()
export class SettleOrder {
  constructor(
    @InjectDataSource('orders') private readonly db: DataSource,
    private readonly rpc: Rpc,
    private readonly log: Log,
  ) {}

  /** Goods come first: an order that is still `pending` is settled again, and one that is `paid` never is. */
  @HandlesJob(ordersJobs.paymentSettled)
  async settle({ orderId, outcome }: PayloadOf<typeof ordersJobs.paymentSettled>): Promise<void> {
    failPoint('orders.before-settling');
    if (outcome.status === 'paid') {
      const { done } = await this.rpc.call(catalogRpc.confirmReservation, { orderId });
      if (!done) this.log.error({ orderId }, 'order is paid, but its goods are not reserved');
      failPoint('orders.after-confirming');
      await moveOrder(this.db, orderId, ['pending', 'paid']);
      failPoint('orders.after-paid');
    } else {
      const { done } = await this.rpc.call(catalogRpc.releaseReservation, { orderId });
      if (!done) this.log.error({ orderId }, 'order is not paid, but its goods have left already');
      failPoint('orders.after-releasing');
      await moveOrder(this.db, orderId, ['pending', 'rejected'], { reason: outcome.reason });
      failPoint('orders.after-rejecting');
    }
  }

  /** Asks payments for an outcome that was not received. Returns false when payments was never asked to charge this order. */
  async catchUp(orderId: string): Promise<boolean> {
    const state = await this.rpc.call(paymentsRpc.getPayment, { orderId });
    if (state.status === 'paid' || state.status === 'declined') await this.settle({ orderId, outcome: state });
    return state.status !== 'unknown';
  }
}
