// Places an order once. An attempt is stored until its result is known, also across reloads and network failures: it is then
// sent again with the same key.
import type { Order, OrderRequest } from '@shop/contracts/orders';
import { ApiError, send, type ErrorCode } from './client.js';

/** Bound to the user, so that another user of this tab does not send it. */
const storeOf = (customerId: string) => `order-attempt ${customerId}`;

export interface Attempt {
  customerId: string;
  key: string;
  request: OrderRequest;
  startedAt: number;
  /** Sent before, with an unknown result. */
  again?: true;
}

export function openAttempt(customerId: string): Attempt | undefined {
  const text = sessionStorage.getItem(storeOf(customerId));
  return text === null ? undefined : { ...(JSON.parse(text) as Attempt), again: true };
}

export function newAttempt(customerId: string, request: OrderRequest): Attempt {
  const attempt = { customerId, key: crypto.randomUUID(), request, startedAt: Date.now() };
  sessionStorage.setItem(storeOf(customerId), JSON.stringify(attempt));
  return attempt;
}

export function forgetAttempt({ customerId }: Attempt): void {
  sessionStorage.removeItem(storeOf(customerId));
}

/** Refusals made before the order is examined; the result of an earlier attempt stays unknown. */
const beforeOrders = new Set<ErrorCode>(['login_required', 'rate_limited']);

/** Any response ends the attempt. Without a response it stays open, because the order may have been placed. */
export async function place(attempt: Attempt): Promise<Order> {
  const { key, request, again } = attempt;
  try {
    const order = await send<Order>('POST', '/api/orders', { body: request, headers: { 'idempotency-key': key } });
    forgetAttempt(attempt);
    return order;
  } catch (error) {
    const answered = error instanceof ApiError && !error.passes && error.code !== 'internal';
    if (answered && !(again && beforeOrders.has(error.code))) forgetAttempt(attempt);
    throw error;
  }
}
