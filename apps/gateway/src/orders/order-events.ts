// The progress of an order as server-sent events. Event ids follow from the order's status, so any replica can resume a stream.
import { setTimeout } from 'node:timers/promises';
import type { Order, OrderStatus } from '@shop/contracts/orders';
import { AppError } from '@shop/rpc/errors';

/** Increases until the order is final. A failed refund makes an order paid again; streams do not report that. */
const sequence: Record<OrderStatus, number> = { new: 1, pending: 2, paid: 3, rejected: 3, refunded: 4 };

/** Comments at this interval stop proxies from closing an idle connection. */
const HEARTBEAT_MS = 15_000;
/** Then the client reconnects and is authenticated again. */
const MAX_STREAM_MS = 5 * 60_000;

function isFinal({ status }: Order): boolean {
  return status !== 'new' && status !== 'pending';
}

/** Whether no event will follow the one with id `lastId`. */
export function isOver(order: Order, lastId: number): boolean {
  return isFinal(order) && sequence[order.status] <= lastId;
}

export interface StreamOptions {
  order: Order;
  /** The last event that the client received; 0 for none. */
  lastId: number;
  /** Reads the order again. */
  read: () => Promise<Order>;
  end: AbortSignal;
  heartbeatMs?: number;
}

/** Yields one event per status that is new to the client, and ends when the order is final. */
export async function* orderEvents({ order, lastId, read, end, heartbeatMs = HEARTBEAT_MS }: StreamOptions) {
  const startedAt = performance.now();
  let heartbeatAt = startedAt + heartbeatMs;
  let now = startedAt;
  for (let seen = lastId; !end.aborted;) {
    const id = sequence[order.status];
    if (id > seen) yield `id: ${(seen = id)}\nevent: status\ndata: ${JSON.stringify(order)}\n\n`;
    if (isFinal(order) || now > startedAt + MAX_STREAM_MS) return;
    await setTimeout(pollInterval(now - startedAt), undefined, { signal: end }).catch(() => undefined);
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

/** Most orders are final within a second, so polling slows down after that. */
function pollInterval(waitedMs: number): number {
  return Math.min(Math.max(waitedMs / 4, 100), 2000);
}

/** A cancelled order or an ended session ends the stream; during an outage it continues. */
function ifGone(error: unknown): 'gone' | undefined {
  return error instanceof AppError && error.status < 500 ? 'gone' : undefined;
}
