// An order's progress as server-sent events. Their ids come from the order itself, so any replica continues what another began.
import { setTimeout } from 'node:timers/promises';
import type { Order, OrderStatus } from '@shop/contracts/orders';
import { AppError } from '@shop/rpc/errors';

/** An order moves to a higher one until it is final. (A failed refund makes it paid again, which no stream tells.) */
const sequence: Record<OrderStatus, number> = { new: 1, pending: 2, paid: 3, rejected: 3, refunded: 4 };

/** Between two comments that keep proxies from thinking the connection dead. */
const HEARTBEAT_MS = 15_000;
/** After that the client comes back by itself, and is asked again who it is. */
const LONGEST_MS = 5 * 60_000;

export function isFinal({ status }: Order): boolean {
  return status !== 'new' && status !== 'pending';
}

/** Whether somebody who has seen `lastId` has seen all there is, now and ever. */
export function isOver(order: Order, lastId: number): boolean {
  return isFinal(order) && sequence[order.status] <= lastId;
}

export interface Followed {
  /** As it stands when the stream begins. */
  order: Order;
  /** The id of the last event that the client has seen; 0 without one. */
  lastId: number;
  /** Looks again. */
  read: () => Promise<Order>;
  /** Ends the stream; the client continues it elsewhere. */
  end: AbortSignal;
  heartbeatMs?: number;
}

/** Yields an event per status that the client has not seen, and ends when the order is final. */
export async function* orderEvents({ order, lastId, read, end, heartbeatMs = HEARTBEAT_MS }: Followed) {
  const startedAt = performance.now();
  let heartbeatAt = startedAt + heartbeatMs;
  let now = startedAt;
  for (let seen = lastId; !end.aborted;) {
    const id = sequence[order.status];
    if (id > seen) yield `id: ${(seen = id)}\nevent: status\ndata: ${JSON.stringify(order)}\n\n`;
    if (isFinal(order) || now > startedAt + LONGEST_MS) return;
    await setTimeout(pauseAfter(now - startedAt), undefined, { signal: end }).catch(() => undefined);
    now = performance.now();
    if (now >= heartbeatAt) {
      heartbeatAt = now + heartbeatMs;
      yield ':\n\n';
    }
    const next = await read().catch(ifGone);
    if (next === 'gone') return;
    order = next ?? order;
  }
}

/** Most orders are final within a second; who waits for longer is told a little later. */
function pauseAfter(waitedMs: number): number {
  return Math.min(Math.max(waitedMs / 4, 100), 2000);
}

/** No more events: of an order that was withdrawn, or for a session that has ended. An outage is over sooner or later. */
function ifGone(error: unknown): 'gone' | undefined {
  return error instanceof AppError && error.status < 500 ? 'gone' : undefined;
}
