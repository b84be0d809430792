// The life of an order, as a table. Each change names both statuses, and the compiler checks it against this table.
import type { OrderStatus } from '@shop/contracts/orders';

export const transitions = {
  /** Written down, nothing reserved yet. */
  new: ['pending', 'rejected'],
  /** Goods are reserved, the payment is under way. */
  pending: ['paid', 'rejected'],
  paid: ['refunded'],
  rejected: [],
  /** Paid again when a refund fails later. */
  refunded: ['paid'],
} as const satisfies Record<OrderStatus, readonly OrderStatus[]>;

/** The statuses that may follow `F`. */
export type Next<F extends OrderStatus> = (typeof transitions)[F][number];

/** Whether an order of this status is final for the sweep. */
export function isSettled(status: OrderStatus): boolean {
  return status !== 'new' && status !== 'pending';
}
