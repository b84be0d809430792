// Resumes pending orders that are stuck, and cancels new ones whose client has gone: the order row is the outbox. Runs on every
// replica and needs no queue.
import { Inject, Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { failPoint } from '@shop/kit/fail-point';
import { Log } from '@shop/kit/log';
import { Repeats } from '@shop/kit/repeat';
import { toAppError } from '@shop/rpc/errors';
import { DataSource } from 'typeorm';
import { claimDueOrders, type DueOrder } from './order-writes.js';
import { OrderEntity } from './order.entity.js';
import { ordersConfig, type OrdersConfig } from './orders.config.js';
import { PlaceOrder } from './place-order.js';
import { SettleOrder } from './settle-order.js';

/** Orders per round and replica. */
const BATCH = 20;

/** Each minute the log names a few orders that are stuck for the same reason, and counts the others. */
const PER_OUTAGE = { burst: 3, everyMs: 60_000 };

@Injectable()
export class Sweep {
  constructor(
    @InjectDataSource('orders') private readonly db: DataSource,
    @Inject(ordersConfig.token) private readonly config: OrdersConfig,
    private readonly placing: PlaceOrder,
    private readonly settling: SettleOrder,
    private readonly log: Log,
  ) {}

  @Repeats(ordersConfig, { name: 'order sweep', seconds: ({ ORDERS_SWEEP_SECONDS }) => ORDERS_SWEEP_SECONDS })
  async sweep(): Promise<boolean> {
    const { ORDERS_SWEEP_SECONDS, ORDERS_WITHDRAW_SECONDS } = this.config;
    const due = await claimDueOrders(this.db, BATCH, ORDERS_SWEEP_SECONDS, ORDERS_WITHDRAW_SECONDS);
    if (due.length > 0) failPoint('orders.after-claiming');
    await Promise.all(
      due.map((order) =>
        this.resume(order).catch((error: unknown) => {
          const kind = `order is still stuck: ${toAppError(error).code}`;
          this.log.throttled(kind, { err: error, orderId: order.id }, 'order is still stuck', PER_OUTAGE);
        }),
      ),
    );
    return due.length === BATCH;
  }

  private async resume({ id, abandoned }: DueOrder): Promise<void> {
    if (abandoned) return this.placing.cancel(id);
    const order = await this.db.getRepository(OrderEntity).findOneBy({ id });
    // Only its client may resume a new order: without the client nothing is charged.
    if (order?.status === 'pending' && !(await this.settling.catchUp(id))) await this.placing.askForPayment(order);
  }
}
