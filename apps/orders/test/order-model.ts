// The contract of orders in a few lines, without a database, a network or a second process: what commands do to a few
// orders that want the same goods. Every command may lose one call on its way, or the answer to it.
import type { OrderStatus } from '@shop/contracts/orders';
import fc from 'fast-check';
import type { Fault } from './catalog-double.js';

/** As many orders; the one of key `n` is over `n + 1` pieces, so that it matters who comes first. */
export const KEYS = 3;
export const STOCK = 3;
export const quantityOf = (key: number) => key + 1;

export type Command = { key: number; fault: Fault } & (
  | { do: 'place' }
  | { do: 'withdraw' }
  /** Told by a job, or asked by a sweep. */
  | { do: 'settle' }
  /** Staff ask payments to give the price of one piece back, once per `part`; then payments tells the sum. */
  | { do: 'refund'; part: number }
);

const fault = fc.constantFrom<Fault>('none', 'none', 'before', 'after');
const key = fc.nat(KEYS - 1);
export const commands: fc.Arbitrary<Command> = fc.oneof(
  {
    arbitrary: fc.record({ do: fc.constantFrom('place', 'place', 'withdraw', 'settle', 'settle'), key, fault }),
    weight: 1,
  },
  { arbitrary: fc.record({ do: fc.constant('refund'), key, fault, part: fc.nat(KEYS) }), weight: 1 },
);

/** Per key: whether the bank will pay. */
export const solvency = fc.array(fc.constantFrom(true, true, false), { minLength: KEYS, maxLength: KEYS });

export interface Modelled {
  status: Exclude<OrderStatus, 'new'> | 'absent' | 'withdrawn';
  /** Pieces taken out of the stock. */
  taken: number;
  /** The parts that payments gave back. */
  given: Set<number>;
  /** How many of them orders was told of. */
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
  if (command.do === 'withdraw' && order.status === 'withdrawn') {
    order.status = 'withdrawn';
    release('absent');
  } else if (command.do === 'place' && ['absent', 'withdrawn'].includes(order.status)) {
    // Taking the old one back is the call that has the fault; then there is none left for the new one.
    if (order.status === 'withdrawn') {
      release('absent');
      if (fault !== 'none') return;
    }
    // Its client is told that there is no order.
    order.status = 'withdrawn';
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
