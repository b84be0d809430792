// Places an order: intent first, then the goods, then the payment. Any process may repeat any step at any time.
import { setTimeout as sleep } from 'node:timers/promises';
import { Inject, Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { catalogRpc } from '@shop/contracts/catalog';
import type { PlaceOrder as PlaceOrderRequest } from '@shop/contracts/orders';
import { paymentsJobs } from '@shop/contracts/payments';
import { failPoint } from '@shop/kit/fail-point';
import { Log } from '@shop/kit/log';
import { Queues } from '@shop/kit/queue';
import { currentContext, newRequestId, runInContext } from '@shop/rpc/context';
import { AppError, invalidRequest } from '@shop/rpc/errors';
import { Rpc } from '@shop/rpc/rpc';
import { DataSource, IsNull } from 'typeorm';
import * as writes from './order-writes.js';
import { OrderEntity } from './order.entity.js';
import { ordersConfig, type OrdersConfig } from './orders.config.js';

/**
 * The part of the caller's time that is kept for the answer: it has to arrive, and a failed order has to be cancelled before its
 * caller gets the error.
 */
const keptBackMs = (leftMs: number) => Math.min(leftMs * 0.2, 1500);
/** Cancelling an order may take this long even after the deadline. */
const CANCEL_MS = 2000;
/** The pause between two reads of an order that another request is placing, or that may have been cancelled. */
const PAUSE_MS = { min: 10, max: 200 };

/** A request's attempt to place a `new` order. Both times are of the database's clock. */
interface Attempt {
  order: OrderEntity;
  beganAt: Date;
  /** The order must not become pending after this; undefined when the request has no deadline. */
  endsAt: Date | undefined;
}

@Injectable()
export class PlaceOrder {
  constructor(
    @InjectDataSource('orders') private readonly db: DataSource,
    @Inject(ordersConfig.token) private readonly config: OrdersConfig,
    private readonly rpc: Rpc,
    private readonly queues: Queues,
    private readonly log: Log,
  ) {}

  /**
   * Returns the current order of this key, placing it if it is `new`. Refusals of the catalog are thrown each time. A result
   * with `alreadyOrderedAs` says that the cart had been ordered under another key.
   */
  place(request: PlaceOrderRequest): Promise<OrderEntity> {
    const { requestId, deadlineAt } = currentContext() ?? { requestId: newRequestId(), deadlineAt: Infinity };
    const placeBy = deadlineAt - keptBackMs(deadlineAt - performance.now());
    return runInContext({ requestId, deadlineAt: placeBy }, async () => {
      const found = await this.writeDown(request, placeBy);
      const order = 'endsAt' in found ? await this.reserveOrCancel(found, deadlineAt) : found;
      throwRefusal(order);
      return order;
    });
  }

  /**
   * Returns an attempt at a new order, or the order of this key. While another key's order of the same cart is being placed
   * this waits for its outcome: either it becomes the cart's order, or the cart is free again.
   */
  private async writeDown(request: PlaceOrderRequest, placeBy: number): Promise<Attempt | OrderEntity> {
    const { idempotencyKey, bodyHash, lines } = request;
    for (let pause = PAUSE_MS.min; ; pause = Math.min(pause * 2, PAUSE_MS.max)) {
      const inserted =
        lines.length > 0 && (await writes.insertOrder(this.db, request, this.config.ORDERS_SWEEP_SECONDS));
      failPoint('orders.after-insert');
      if (inserted) return attemptAt(inserted, inserted.createdAt, placeBy);

      const order = await this.find(request);
      if (order?.idempotencyKey === idempotencyKey && !order.cancelledAt) {
        if (order.bodyHash !== bodyHash) throw new AppError('idempotency_key_reused');
        if (order.status !== 'new') return order;
        const renewedAt = await writes.renewOrder(this.db, order.id);
        if (renewedAt) return attemptAt(order, renewedAt, placeBy);
      } else if (lines.length === 0) throw new AppError('empty_order');
      else if (order?.cancelledAt) await this.cancel(order.id);
      else if (order && order.status !== 'new') await writes.insertAlreadyOrdered(this.db, request, order);
      if (performance.now() + pause >= placeBy) throw new AppError('unavailable');
      await sleep(pause);
    }
  }

  /** The order of this key; without one the order that another key made of this cart. */
  private async find(request: PlaceOrderRequest): Promise<OrderEntity | undefined> {
    const { customerId, idempotencyKey, cartVersion } = request;
    const ofCart = { customerId, cartVersion, reason: IsNull(), cancelledAt: IsNull() };
    const found = await this.db.getRepository(OrderEntity).find({
      where: [{ customerId, idempotencyKey }, ...(cartVersion === undefined ? [] : [ofCart])],
    });
    return found.find((order) => order.idempotencyKey === idempotencyKey) ?? found[0];
  }

  /** Makes a `new` order `pending` or `rejected`, or cancels it. Its caller waits until `deadlineAt`. */
  private async reserveOrCancel(attempt: Attempt, deadlineAt: number): Promise<OrderEntity> {
    try {
      return await this.reserve(attempt);
    } catch (error) {
      if (error instanceof AppError && error.status < 500) throw error;
      const order = await this.cancelFailed(attempt, deadlineAt).catch((failure: unknown) => {
        const fields = { err: failure, orderId: attempt.order.id };
        this.log.throttled('order not cancelled', fields, 'a failed order is left to the sweep');
      });
      if (order) return order;
      throw error;
    }
  }

  private async reserve(attempt: Attempt): Promise<OrderEntity> {
    const { order, endsAt } = attempt;
    const { id, requested, expectedTotalCents } = order;
    const answer = await this.rpc.call(catalogRpc.reserve, {
      orderId: id,
      lines: requested,
      expectedTotalCents: expectedTotalCents ?? undefined,
    });
    failPoint('orders.after-reserving');
    switch (answer.outcome) {
      case 'reserved': {
        const { lines, totalCents } = answer;
        if (!(await writes.acceptOrder(this.db, id, { lines, totalCents }, endsAt))) return this.overtaken(id, true);
        failPoint('orders.after-pending');
        const pending: OrderEntity = { ...order, status: 'pending', lines, totalCents };
        await this.askForPayment(pending);
        failPoint('orders.after-asking-for-payment');
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
        await writes.deleteNewOrder(this.db, id);
        throw unknownProducts(order, answer.productIds);
      case 'released':
        // The order was cancelled. The client's next retry makes another one.
        await writes.deleteNewOrder(this.db, id);
        throw new AppError('unavailable');
    }
  }

  /**
   * Cancels the order of a failed attempt before its caller gets the error, unless the client has retried. An order that became
   * pending or rejected meanwhile is returned instead. Retries while the database is unavailable, until the caller's deadline.
   */
  private cancelFailed(
    { order: { id }, beganAt }: Attempt,
    callerDeadlineAt: number,
  ): Promise<OrderEntity | undefined> {
    const { requestId } = currentContext()!;
    const soon = performance.now() + CANCEL_MS;
    const deadlineAt = callerDeadlineAt === Infinity ? soon : Math.max(callerDeadlineAt, soon);
    return runInContext({ requestId, deadlineAt }, async () => {
      for (; ; await sleep(PAUSE_MS.max))
        try {
          if (await writes.cancelAttempt(this.db, id, beganAt)) return undefined;
          const order = await this.db.getRepository(OrderEntity).findOneBy({ id });
          return order && order.status !== 'new' ? order : undefined;
        } catch (error) {
          if (performance.now() + PAUSE_MS.max >= deadlineAt) throw error;
        }
    });
  }

  /**
   * Cancels a `new` order. Its row is marked first, so that no process makes it pending while its goods are released. The row
   * is deleted last, so that the sweep finds it until its goods have been released.
   */
  async cancel(id: string): Promise<void> {
    if (!(await writes.cancelOrder(this.db, id))) return;
    failPoint('orders.after-cancelling');
    await this.rpc.call(catalogRpc.releaseReservation, { orderId: id });
    failPoint('orders.after-releasing-cancelled');
    if (await writes.deleteNewOrder(this.db, id))
      this.log.throttled('order cancelled', { orderId: id }, 'order cancelled: it was not placed in time');
  }

  /** While the queue is unavailable the order waits: the sweep asks again. */
  async askForPayment({ id, customerId, totalCents, currency, payment }: OrderEntity): Promise<void> {
    const charge = { orderId: id, customerId, amountCents: totalCents, currency, payment };
    try {
      await this.queues.add(paymentsJobs.chargePayment, charge, { id });
    } catch (error) {
      this.log.throttled('payment not asked for', { err: error, orderId: id }, 'payment not asked for yet');
    }
  }

  private async reject(order: OrderEntity, outcome: writes.Outcome): Promise<OrderEntity> {
    if (!(await writes.moveOrder(this.db, order.id, ['new', 'rejected'], outcome)))
      return this.overtaken(order.id, false);
    failPoint('orders.after-refusing');
    return { ...order, status: 'rejected', ...outcome };
  }

  /** Another process changed or cancelled the order during our call to the catalog, and its result counts; or our time is over. */
  private async overtaken(id: string, reserved: boolean): Promise<OrderEntity> {
    const order = await this.db.getRepository(OrderEntity).findOneBy({ id });
    const gone = !order || order.cancelledAt !== null;
    if (reserved && (gone || order.status === 'rejected')) {
      await this.rpc.call(catalogRpc.releaseReservation, { orderId: id });
    }
    if (gone || order.status === 'new') throw new AppError('unavailable', 'The order could not be placed in time.');
    return order;
  }
}

/** `beganAt` is the database's time, read before its answer travelled here, so `endsAt` can be too early but never too late. */
function attemptAt(order: OrderEntity, beganAt: Date, placeBy: number): Attempt {
  const leftMs = placeBy - performance.now();
  return { order, beganAt, endsAt: leftMs === Infinity ? undefined : new Date(beganAt.getTime() + leftMs) };
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
