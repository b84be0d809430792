// Placing an order once. An attempt is kept until the shop has said what became of it, also when the page is loaded anew
// or the network is gone: the same attempt is then sent again under its key, and the shop knows it.
import type { Order, OrderRequest } from '@shop/contracts/orders';
import { ApiError, send } from './client.js';

const STORE = 'order-attempt';

export interface Attempt {
  key: string;
  request: OrderRequest;
  startedAt: number;
}

export function openAttempt(): Attempt | undefined {
  const text = sessionStorage.getItem(STORE);
  return text === null ? undefined : (JSON.parse(text) as Attempt);
}

export function newAttempt(request: OrderRequest): Attempt {
  const attempt = { key: crypto.randomUUID(), request, startedAt: Date.now() };
  sessionStorage.setItem(STORE, JSON.stringify(attempt));
  return attempt;
}

export function forgetAttempt(): void {
  sessionStorage.removeItem(STORE);
}

/** Whatever the shop says ends the attempt; no answer leaves it open: the order may have been placed. */
export async function place({ key, request }: Attempt): Promise<Order> {
  try {
    const order = await send<Order>('POST', '/api/orders', { body: request, headers: { 'idempotency-key': key } });
    forgetAttempt();
    return order;
  } catch (error) {
    if (!(error instanceof ApiError) || !(error.passes || error.code === 'internal')) forgetAttempt();
    throw error;
  }
}
