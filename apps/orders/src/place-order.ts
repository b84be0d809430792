// Takes an order: intent first, then the goods, then the payment. Every step may be repeated, by anybody, at any time.
import { Inject, Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { catalogRpc } from '@shop/contracts/catalog';
import type { PlaceOrder as PlaceOrderRequest } from '@shop/contracts/orders';
import { paymentsJobs } from '@shop/contracts/payments';
import { crashPoint } from '@shop/kit/crash-point';
import { AppError, invalidRequest } from '@shop/kit/errors';
import { Log } from '@shop/kit/log';
import { Queues } from '@shop/kit/queue';
import { Rpc } from '@shop/kit/rpc/rpc';
import { DataSource } from 'typeorm';
import { deleteNewOrder, insertOrder, moveOrder, withdrawNewOrder, type Outcome } from './order-writes.js';
import { OrderEntity } from './order.entity.js';
import { ordersConfig, type OrdersConfig } from './orders.config.js';

@Injectable()
export class PlaceOrder {
  constructor(
    @InjectDataSource('orders') private readonly db: DataSource,
    @Inject(ordersConfig.token) private readonly config: OrdersConfig,
    private readonly rpc: Rpc,
    private readonly queues: Queues,
    private readonly log: Log,
  ) {}

  /** The order of this key as it stands, driven on if it had got stuck. Refusals of the catalog are thrown, the first time and every time. */
  async place(request: PlaceOrderRequest): Promise<OrderEntity> {
    const order = request.lines.length > 0 ? await this.writeDown(request) : await this.findByKey(request);
    if (!order || order.withdrawnAt) throw new AppError('empty_order');
    if (order.bodyHash !== request.bodyHash) throw new AppError('idempotency_key_reused');
    const driven = order.status === 'new' ? await this.drive(order) : order;
    throwRefusal(driven);
    return driven;
  }

  /** Takes a `new` order as far as `pending` or `rejected`, and answers it as it stands then, whoever got it there. */
  async drive(order: OrderEntity): Promise<OrderEntity> {
    const { id, requested, expectedTotalCents } = order;
    const answer = await this.rpc.call(catalogRpc.reserve, {
      orderId: id,
      lines: requested,
      expectedTotalCents: expectedTotalCents ?? undefined,
    });
    crashPoint('orders.after-reserving');
    switch (answer.outcome) {
      case 'reserved': {
        const { lines, totalCents } = answer;
        if (!(await moveOrder(this.db, id, ['new', 'pending'], { lines, totalCents }))) return this.overtaken(id, true);
        crashPoint('orders.after-pending');
        const pending: OrderEntity = { ...order, status: 'pending', lines, totalCents };
        await this.askForPayment(pending);
        crashPoint('orders.after-asking-for-payment');
        return pending;
      }
      case 'out_of_stock': {
        const { outcome: reason, lines, totalCents, productIds: shortProductIds } = answer;
        return this.reject(order, { reason, lines, totalCents, shortProductIds });
      }
      case 'price_changed': {
        const { outcome: reason, lines, totalCents } = answer;
        return this.reject(order, { reason, lines, totalCents });
      }
      case 'unknown_product':
        await deleteNewOrder(this.db, id);
        throw unknownProducts(order, answer.productIds);
      case 'released':
        // This order was withdrawn. The client's next try makes another one.
        await deleteNewOrder(this.db, id);
        throw new AppError('unavailable');
    }
  }

  /**
   * Withdraws an order nobody was told of. It is marked first: from then on no one can make it pending with goods that
   * go back. Its row goes last: until then the sweep finds it, so that whatever was reserved does go back.
   */
  async withdraw(id: string): Promise<void> {
    if (!(await withdrawNewOrder(this.db, id))) return;
    crashPoint('orders.after-withdrawing');
    this.log.warn({ orderId: id }, 'order withdrawn: it could not be taken in time');
    await this.rpc.call(catalogRpc.releaseReservation, { orderId: id });
    crashPoint('orders.after-withdrawn-goods');
    await deleteNewOrder(this.db, id);
  }

  /** A queue that is away fails no order: the sweep asks again. */
  async askForPayment({ id, customerId, totalCents, currency, payment }: OrderEntity): Promise<void> {
    const charge = { orderId: id, customerId, amountCents: totalCents, currency, payment };
    try {
      await this.queues.add(paymentsJobs.chargePayment, charge, { id });
    } catch (error) {
      this.log.warn({ err: error, orderId: id }, 'payment not asked for yet');
    }
  }

  private async writeDown(request: PlaceOrderRequest): Promise<OrderEntity> {
    for (let tries = 0; tries < 3; tries += 1) {
      const inserted = await insertOrder(this.db, request, this.config.ORDERS_SWEEP_SECONDS);
      crashPoint('orders.after-insert');
      const order = inserted ?? (await this.findByKey(request));
      if (order && !order.withdrawnAt) return order;
      // The order of this key is being taken back, or was between the two statements.
      if (order) await this.withdraw(order.id);
    }
    throw new AppError('unavailable');
  }

  private findByKey({ customerId, idempotencyKey }: PlaceOrderRequest): Promise<OrderEntity | null> {
    return this.db.getRepository(OrderEntity).findOneBy({ customerId, idempotencyKey });
  }

  private async reject(order: OrderEntity, outcome: Outcome): Promise<OrderEntity> {
    if (!(await moveOrder(this.db, order.id, ['new', 'rejected'], outcome))) return this.overtaken(order.id, false);
    crashPoint('orders.after-refusing');
    return { ...order, status: 'rejected', ...outcome };
  }

  /** Somebody else moved this order on while we asked the catalog; theirs counts. */
  private async overtaken(id: string, reserved: boolean): Promise<OrderEntity> {
    const order = await this.db.getRepository(OrderEntity).findOneBy({ id });
    const gone = !order || order.withdrawnAt !== null;
    if (reserved && (gone || order.status === 'rejected')) {
      await this.rpc.call(catalogRpc.releaseReservation, { orderId: id });
    }
    if (gone) throw new AppError('unavailable');
    return order;
  }
}

function throwRefusal({ status, reason, totalCents, shortProductIds }: OrderEntity): void {
  if (status !== 'rejected') return;
  if (reason === 'out_of_stock') throw new AppError(reason, undefined, { productIds: shortProductIds ?? [] });
  if (reason === 'price_changed') throw new AppError(reason, undefined, { totalCents });
}

function unknownProducts({ requested }: OrderEntity, productIds: string[]): AppError {
  const unknown = new Set(productIds);
  const issues = requested.flatMap(({ productId }, i) =>
    unknown.has(productId) ? [{ path: ['lines', i, 'productId'], message: 'is not a product of this shop' }] : [],
  );
  return invalidRequest(issues);
}
