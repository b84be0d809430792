// The life of an order, as a table. Whoever moves an order names both ends, and the compiler looks here.
import type { OrderStatus } from '@shop/contracts/orders';

export const transitions = {
  /** Written down, nothing done yet. */
  new: ['pending', 'rejected'],
  /** Its goods are reserved, its payment is under way. */
  pending: ['paid', 'rejected'],
  paid: ['refunded'],
  rejected: [],
  /** Back when a refund turns out to have failed. */
  refunded: ['paid'],
} as const satisfies Record<OrderStatus, readonly OrderStatus[]>;

/** Where an order of status `F` may go. */
export type Next<F extends OrderStatus> = (typeof transitions)[F][number];

/** Whether an order of this status is done with, so that no sweep needs to look at it. */
export function isSettled(status: OrderStatus): boolean {
  return status !== 'new' && status !== 'pending';
}
