// Places an order from lines or from the cart.
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
import type { CustomerSession } from '../sessions/request-session.js';

/** Between two requests about an order that may or may not have been placed. */
const RETRY_MS = 200;

@Injectable()
export class Checkout {
  constructor(
    private readonly rpc: Rpc,
    private readonly carts: Carts,
    private readonly view: CartView,
    private readonly log: Log,
  ) {}

  /**
   * Without lines it orders the cart and then removes the ordered lines from it. cart_already_ordered when this version of
   * the cart was ordered under another key; the lines are removed then too.
   */
  async place(session: CustomerSession, idempotencyKey: string, body: OrderRequest): Promise<Order> {
    failPoint('gateway.before-placing');
    const cart = body.lines ? undefined : await this.readCart(session);
    const { order, cartVersion, alreadyOrdered } = await this.placeOrRefuse({
      ...body,
      ...(body.lines ? { lines: body.lines } : { lines: cart!.lines, cartVersion: cart!.version }),
      customerId: session.customerId,
      idempotencyKey,
      bodyHash: hashOf(body),
    });
    failPoint('gateway.after-placing');
    // On a replay this is the version that was ordered then, not that of the current cart.
    if (cartVersion !== undefined) await this.takeOut(session, cartVersion, order, cart?.gone);
    if (alreadyOrdered) throw new AppError('cart_already_ordered', undefined, { orderId: order.id });
    return order;
  }

  /**
   * A client that receives an error must not be charged. While a server that did not answer may still place the order,
   * this retries under the same key until the deadline; after the deadline orders places nothing.
   */
  private async placeOrRefuse(request: PlaceOrder): Promise<OutputOf<typeof ordersRpc.placeOrder>> {
    const { deadlineAt } = currentContext()!;
    for (let inDoubt = false; ; await sleep(RETRY_MS)) {
      try {
        return await this.rpc.call(ordersRpc.placeOrder, request);
      } catch (error) {
        inDoubt ||= error instanceof InDoubt;
        const refused = error instanceof AppError && error.status < 500;
        if (refused || !inDoubt || performance.now() >= deadlineAt) throw error;
      }
    }
  }

  /** Orders what the customer sees: products that are gone from the catalog are left out. */
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

  /** Only logs failures: the order is placed, and the next request for this cart removes the lines. */
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
      this.log.throttled('ordered lines stay', fields, 'ordered lines were not removed from the cart');
    }
  }
}

/** Of the validated body, whose keys are in the schema's order: formatting and key order of the JSON do not matter. */
function hashOf(body: OrderRequest): string {
  return createHash('sha256').update(JSON.stringify(body)).digest('hex');
}
