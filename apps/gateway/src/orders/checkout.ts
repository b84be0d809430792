// From a cart, or from lines of its own, to an order that orders has written down.
import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import { ordersRpc, type Order, type OrderRequest, type PlaceOrder } from '@shop/contracts/orders';
import type { OutputOf } from '@shop/contracts/rpc';
import { failPoint } from '@shop/kit/fail-point';
import { Log } from '@shop/kit/log';
import { currentContext } from '@shop/rpc/context';
import { AppError, InDoubt } from '@shop/rpc/errors';
import { Rpc } from '@shop/rpc/rpc';
import { CartView } from '../cart/cart-view.js';
import { Carts, cartOf, type StoredCart } from '../cart/carts.js';
import type { CustomerSession } from '../sessions/visitors.js';

/** Between two questions about an order of which it is not known whether it is placed. */
const ASK_AGAIN_MS = 200;

@Injectable()
export class Checkout {
  constructor(
    private readonly rpc: Rpc,
    private readonly carts: Carts,
    private readonly view: CartView,
    private readonly log: Log,
  ) {}

  /**
   * Places an order under the customer's key. Without lines it is the cart, out of which the order then takes its lines.
   * cart_already_ordered when another key did that first: the lines are taken out all the same.
   */
  async place(session: CustomerSession, idempotencyKey: string, body: OrderRequest): Promise<Order> {
    failPoint('gateway.before-placing');
    const cart = body.lines ? undefined : await this.readCart(session);
    const { order, cartVersion, alreadyOrdered } = await this.placeForCertain({
      ...body,
      ...(body.lines ? { lines: body.lines } : { lines: cart!.lines, cartVersion: cart!.version }),
      customerId: session.customerId,
      idempotencyKey,
      bodyHash: hashOf(body),
    });
    failPoint('gateway.after-placing');
    // The version that the order was made of, which on a replay is not the cart of now.
    if (cartVersion !== undefined) await this.takeOut(session, cartVersion, order, cart?.gone);
    if (alreadyOrdered) throw new AppError('cart_already_ordered', undefined, { orderId: order.id });
    return order;
  }

  /**
   * A client that is told that there is no order must not be charged for it, so that has to be certain: while a server that
   * fell silent may still place it, orders is asked again under the same key. After the deadline it cannot.
   */
  private async placeForCertain(request: PlaceOrder): Promise<OutputOf<typeof ordersRpc.placeOrder>> {
    const { deadlineAt } = currentContext()!;
    for (let inDoubt = false; ; await sleep(ASK_AGAIN_MS)) {
      try {
        return await this.rpc.call(ordersRpc.placeOrder, request);
      } catch (error) {
        inDoubt ||= error instanceof InDoubt;
        const isNo = error instanceof AppError && error.status < 500;
        if (isNo || !inDoubt || performance.now() >= deadlineAt) throw error;
      }
    }
  }

  /** What the shopper sees in the cart is what is ordered: products that are gone are not in it. */
  private async readCart(session: CustomerSession) {
    const { version, lines: stored } = await this.carts.read(cartOf(session));
    const { lines } = await this.view.of({ lines: stored });
    const seen = new Set(lines.map(({ productId }) => productId));
    return {
      version,
      lines: lines.map(({ productId, quantity }) => ({ productId, quantity })),
      gone: stored.filter(({ productId }) => !seen.has(productId)),
    };
  }

  /** The order stands by now, so no failure here may hide it; whichever key comes next for this cart does it as well. */
  private async takeOut(
    session: CustomerSession,
    version: string,
    { id, lines }: Order,
    gone: StoredCart['lines'] = [],
  ): Promise<void> {
    try {
      await this.carts.takeOut(cartOf(session), version, [...lines, ...gone]);
    } catch (error) {
      const fields = { err: error, orderId: id };
      this.log.throttled('ordered lines stay', fields, 'ordered lines were not taken out of the cart');
    }
  }
}

/**
 * Of the body after validation, whose keys stand in the schema's order: the same request stays the same when a client
 * or a proxy writes its JSON anew.
 */
function hashOf(body: OrderRequest): string {
  return createHash('sha256').update(JSON.stringify(body)).digest('hex');
}
