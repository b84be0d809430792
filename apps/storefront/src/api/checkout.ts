// Placing an order once. An attempt is kept until the shop has said what became of it, also when the page is loaded anew
// or the network is gone: the same attempt is then sent again under its key, and the shop knows it.
import type { Order, OrderRequest } from '@shop/contracts/orders';
import { ApiError, send, type ErrorCode } from './client.js';

/** Whoever else logs in here sends nobody's attempt but their own. */
const storeOf = (customerId: string) => `order-attempt ${customerId}`;

export interface Attempt {
  customerId: string;
  key: string;
  request: OrderRequest;
  startedAt: number;
  /** It was sent before, and what became of that is not known. */
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

/** Said before the order was looked at: what became of an earlier sending is still not known. */
const beforeOrders = new Set<ErrorCode>(['login_required', 'rate_limited']);

/** Whatever the shop says ends the attempt; no answer leaves it open: the order may have been placed. */
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
