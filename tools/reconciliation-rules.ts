// What must be true of every order, whatever happened to the processes that took it there. While an order moves one of
// its rows is a step ahead of another; whoever asks looks again later.

export interface OrderFacts {
  id: string;
  order?: {
    status: 'new' | 'pending' | 'paid' | 'rejected' | 'refunded';
    totalCents: number;
    refundedCents: number;
    method: 'card' | 'credit';
    ageSeconds: number;
    /** By product. */
    quantities: Record<string, number>;
  };
  reservation?: { status: 'held' | 'confirmed' | 'released'; totalCents: number; quantities: Record<string, number> };
  payment?: {
    status: 'waiting' | 'paid' | 'declined';
    amountCents: number;
    method: 'card' | 'credit';
    chargeId: string | null;
  };
  /** In the ledger. */
  booking?: { transactions: number; salesCents: number };
  /** What payments gave back, all refunds of the order together. */
  refunds?: { refundedCents: number; bookedCents: number; byFakeCents: number };
  /** In the books of the fake provider. */
  charge?: { status: 'open' | 'paid' | 'declined' | 'cancelled'; amountCents: number };
}

/** A line per rule that does not hold. */
export function disagreementsOf(facts: OrderFacts, stuckSeconds: number): string[] {
  return [
    ...ofGoods(facts),
    ...ofMoney(facts),
    ...ofBooks(facts),
    ...ofRefunds(facts),
    ...ofTime(facts, stuckSeconds),
  ].map((words) => `order ${facts.id} ${words}`);
}

function* ofGoods({ order, reservation }: OrderFacts): Generator<string> {
  if (!order) {
    if (reservation && reservation.status !== 'released')
      yield `is unknown to orders, but its goods are ${reservation.status}`;
    return;
  }
  // A new order's goods may be reserved already, or not.
  const expected = { new: undefined, pending: 'held', paid: 'confirmed', refunded: 'confirmed', rejected: 'released' }[
    order.status
  ];
  const found = reservation?.status ?? 'not reserved';
  // Refused by the catalog: there never was a reservation.
  const fits = order.status === 'rejected' ? found === 'released' || found === 'not reserved' : expected === found;
  if (expected && !fits) yield `is ${order.status}, but its goods are ${found}`;
  if (!reservation || !['pending', 'paid', 'refunded'].includes(order.status)) return;
  if (reservation.totalCents !== order.totalCents)
    yield `is over ${order.totalCents} cents, but its goods were reserved for ${reservation.totalCents}`;
  if (canonical(reservation.quantities) !== canonical(order.quantities))
    yield 'has other lines than were reserved for it';
}

function* ofMoney({ order, payment, charge }: OrderFacts): Generator<string> {
  if (payment && !order) yield `is unknown to orders, but its payment is ${payment.status}`;
  if (order && payment && payment.amountCents !== order.totalCents)
    yield `is over ${order.totalCents} cents, but its payment is over ${payment.amountCents}`;
  const wasPaid = order?.status === 'paid' || order?.status === 'refunded';
  if (wasPaid !== (payment?.status === 'paid') && order)
    yield `is ${order.status}, but its payment is ${payment?.status ?? 'unknown'}`;
  if (order?.status === 'new' && payment) yield `is new, but its payment is ${payment.status}`;
  if (payment && order && payment.method !== order.method)
    yield `is paid by ${order.method}, but charged by ${payment.method}`;
  if (!payment) {
    if (charge) yield `was never to be paid, but the provider knows it as ${charge.status}`;
    return;
  }
  const chargedByFake = payment.chargeId?.startsWith('fake_') === true;
  if ((charge?.status === 'paid') !== chargedByFake && payment.status !== 'waiting')
    yield `has a payment that is ${payment.status}, but the provider says ${charge?.status ?? 'nothing'}`;
  if (charge && charge.amountCents !== payment.amountCents)
    yield `has a payment of ${payment.amountCents} cents, but the provider was asked for ${charge.amountCents}`;
}

function* ofBooks({ payment, booking }: OrderFacts): Generator<string> {
  const expected = payment?.status === 'paid' && payment.amountCents > 0 ? 1 : 0;
  const found = booking?.transactions ?? 0;
  if (found !== expected) yield `is booked ${found} times, not ${expected}`;
  else if (expected && booking!.salesCents !== payment!.amountCents)
    yield `was paid with ${payment!.amountCents} cents, but ${booking!.salesCents} are booked`;
}

function* ofRefunds({ order, payment, refunds, charge }: OrderFacts): Generator<string> {
  const { refundedCents, bookedCents, byFakeCents } = refunds ?? { refundedCents: 0, bookedCents: 0, byFakeCents: 0 };
  if (order && order.refundedCents !== refundedCents)
    yield `has ${order.refundedCents} cents refunded, but payments gave back ${refundedCents}`;
  if (order && (order.status === 'refunded') !== (refundedCents > 0 && refundedCents === order.totalCents))
    yield `is ${order.status}, with ${refundedCents} of ${order.totalCents} cents given back`;
  if (refundedCents > (payment?.amountCents ?? 0)) yield `has more given back than was paid: ${refundedCents} cents`;
  if (bookedCents !== refundedCents) yield `has ${refundedCents} cents given back, but ${bookedCents} are booked`;
  if (charge?.status === 'paid' && byFakeCents !== refundedCents)
    yield `has ${refundedCents} cents given back, but the provider gave ${byFakeCents}`;
}

function* ofTime({ order }: OrderFacts, stuckSeconds: number): Generator<string> {
  if (order && ['new', 'pending'].includes(order.status) && order.ageSeconds > stuckSeconds)
    yield `is ${order.status} since ${Math.round(order.ageSeconds)} s`;
}

function canonical(quantities: Record<string, number>): string {
  return Object.entries(quantities)
    .sort(([a], [b]) => a.localeCompare(b))
    .join();
}
