// The contract of orders as a small model, without a database, a network or a second process: the effect of commands on a few
// orders for the same goods. Each command may lose one call, or the answer to it.
import type { OrderStatus } from '@shop/contracts/orders';
import fc from 'fast-check';
import type { Fault } from './catalog-fake.js';

/** The number of orders. The order of key `n` is for `n + 1` pieces, so their sequence matters. */
export const KEYS = 3;
export const STOCK = 3;
export const quantityOf = (key: number) => key + 1;

export type Command = { key: number; fault: Fault } & (
  | { do: 'place' }
  | { do: 'cancel' }
  /** By a job of payments, or by a sweep. */
  | { do: 'settle' }
  /** Staff refund the price of one piece, once per `part`; then payments sends the sum. */
  | { do: 'refund'; part: number }
);

const fault = fc.constantFrom<Fault>('none', 'none', 'before', 'after');
const key = fc.nat(KEYS - 1);
export const commands: fc.Arbitrary<Command> = fc.oneof(
  {
    arbitrary: fc.record({ do: fc.constantFrom('place', 'place', 'cancel', 'settle', 'settle'), key, fault }),
    weight: 1,
  },
  { arbitrary: fc.record({ do: fc.constant('refund'), key, fault, part: fc.nat(KEYS) }), weight: 1 },
);

/** Whether the bank will pay, per key. */
export const solvency = fc.array(fc.constantFrom(true, true, false), { minLength: KEYS, maxLength: KEYS });

export interface Modelled {
  status: Exclude<OrderStatus, 'new'> | 'absent' | 'cancelled';
  /** The number of pieces taken from the stock. */
  taken: number;
  /** The parts that payments refunded. */
  given: Set<number>;
  /** The number of parts that orders knows of. */
  refunded: number;
}

export const newModel = (): Modelled[] =>
  Array.from({ length: KEYS }, () => ({ status: 'absent', taken: 0, given: new Set<number>(), refunded: 0 }));

export function step(model: Modelled[], command: Command, solvent: boolean[]): void {
  const { key, fault } = command;
  const order = model[key]!;
  const quantity = quantityOf(key);
  const left = () => STOCK - model.reduce((sum, { taken }) => sum + taken, 0);
  const release = (then: Modelled['status']) => {
    if (fault === 'before') return;
    order.taken = 0;
    if (fault === 'none') order.status = then;
  };
  if (command.do === 'cancel' && order.status === 'cancelled') {
    order.status = 'cancelled';
    release('absent');
  } else if (command.do === 'place' && ['absent', 'cancelled'].includes(order.status)) {
    // The fault hits the call that cancels the old order, so none is left for the new one.
    if (order.status === 'cancelled') {
      release('absent');
      if (fault !== 'none') return;
    }
    // A failed attempt cancels its order before its client gets the error.
    order.status = 'cancelled';
    if (fault === 'before') return;
    const enough = left() >= quantity;
    if (enough) order.taken = quantity;
    if (fault === 'none') order.status = enough ? 'pending' : 'rejected';
  } else if (command.do === 'settle' && order.status === 'pending') {
    if (solvent[key] && fault === 'none') order.status = 'paid';
    if (!solvent[key]) release('rejected');
  } else if (command.do === 'refund' && (order.status === 'paid' || order.status === 'refunded')) {
    if (fault !== 'before' && order.given.size < quantity) order.given.add(command.part);
    if (fault === 'none') order.refunded = order.given.size;
    if (order.refunded === quantity) order.status = 'refunded';
  }
}
