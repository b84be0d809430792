// The invariants of every order across the services. While an order is processed, one of its records may be a step ahead of
// another, so callers check again later.
import type { Listing } from './provider-charges.ts';

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
    createdAt: Date;
    settledAt: Date | null;
  };
  /** From the ledger. */
  booking?: { transactions: number; salesCents: number; provider: string | null };
  refunds?: { all: RefundFacts[] };
}

export interface RefundFacts {
  status: 'waiting' | 'refunded' | 'failed';
  amountCents: number;
  /** From the ledger. */
  bookedCents: number;
  /** ISO 8601. */
  settledAt: string | null;
  /** 0 once it is done. */
  undoneSeconds: number;
}

/** One line per violated invariant. */
export function disagreementsOf(facts: OrderFacts, listing: Listing, stuckSeconds: number): string[] {
  return [
    ...ofGoods(facts),
    ...ofMoney(facts),
    ...ofBooks(facts),
    ...ofRefunds(facts),
    ...ofCharges(facts, listing),
    ...ofTime(facts, stuckSeconds),
  ].map((words) => `order ${facts.id} ${words}`);
}

function* ofGoods({ order, reservation }: OrderFacts): Generator<string> {
  if (!order) {
    if (reservation && reservation.status !== 'released')
      yield `is unknown to orders, but its goods are ${reservation.status}`;
    return;
  }
  // The goods of a new order may be reserved or not.
  const expected = { new: undefined, pending: 'held', paid: 'confirmed', refunded: 'confirmed', rejected: 'released' }[
    order.status
  ];
  const found = reservation?.status ?? 'not reserved';
  // An order that the catalog refused never had a reservation.
  const fits = order.status === 'rejected' ? found === 'released' || found === 'not reserved' : expected === found;
  if (expected && !fits) yield `is ${order.status}, but its goods are ${found}`;
  if (!reservation || !['pending', 'paid', 'refunded'].includes(order.status)) return;
  if (reservation.totalCents !== order.totalCents)
    yield `is over ${order.totalCents} cents, but its goods were reserved for ${reservation.totalCents}`;
  if (canonical(reservation.quantities) !== canonical(order.quantities))
    yield 'has other lines than were reserved for it';
}

function* ofMoney({ order, payment }: OrderFacts): Generator<string> {
  if (payment && !order) yield `is unknown to orders, but its payment is ${payment.status}`;
  if (order && payment && payment.amountCents !== order.totalCents)
    yield `is over ${order.totalCents} cents, but its payment is over ${payment.amountCents}`;
  const wasPaid = order?.status === 'paid' || order?.status === 'refunded';
  if (wasPaid !== (payment?.status === 'paid') && order)
    yield `is ${order.status}, but its payment is ${payment?.status ?? 'unknown'}`;
  if (order?.status === 'new' && payment) yield `is new, but its payment is ${payment.status}`;
  if (payment && order && payment.method !== order.method)
    yield `is paid by ${order.method}, but charged by ${payment.method}`;
}

function* ofBooks({ payment, booking }: OrderFacts): Generator<string> {
  const expected = payment?.status === 'paid' && payment.amountCents > 0 ? 1 : 0;
  const found = booking?.transactions ?? 0;
  if (found !== expected) yield `is booked ${found} times, not ${expected}`;
  else if (expected && booking!.salesCents !== payment!.amountCents)
    yield `was paid with ${payment!.amountCents} cents, but ${booking!.salesCents} are booked`;
}

function* ofRefunds({ order, payment, refunds }: OrderFacts): Generator<string> {
  const refundedCents = centsOf(refunds, ({ status }) => status === 'refunded');
  const bookedCents = (refunds?.all ?? []).reduce((sum, refund) => sum + refund.bookedCents, 0);
  if (order && order.refundedCents !== refundedCents)
    yield `has ${order.refundedCents} cents refunded, but payments refunded ${refundedCents}`;
  if (order && (order.status === 'refunded') !== (refundedCents > 0 && refundedCents === order.totalCents))
    yield `is ${order.status}, with ${refundedCents} of ${order.totalCents} cents refunded`;
  if (refundedCents > (payment?.amountCents ?? 0)) yield `has more refunded than was paid: ${refundedCents} cents`;
  if (bookedCents !== refundedCents) yield `has ${refundedCents} cents refunded, but ${bookedCents} are booked`;
}

/** Each charge of the provider has a payment of the same amount, and each payment a charge. */
function* ofCharges({ id, payment, booking, refunds }: OrderFacts, listing: Listing): Generator<string> {
  if (payment?.status === 'waiting') return; // payments itself will ask the provider
  const { providers, from, to } = listing;
  const charges = listing.charges.get(id) ?? [];
  // Refunds may have been added since the list was made, and the list may have one that payments still waits for.
  const least = centsOf(refunds, ({ settledAt, status }) => status === 'refunded' && new Date(settledAt!) <= to);
  const most = centsOf(refunds, ({ status }) => status !== 'failed');
  for (const { chargeId, amountCents, refundedCents } of charges) {
    if (payment?.chargeId !== chargeId)
      yield `was charged ${amountCents} cents by the provider as ${chargeId}, but its payment is ${payment?.chargeId ?? payment?.status ?? 'unknown'}`;
    else if (amountCents !== payment.amountCents)
      yield `has a payment of ${payment.amountCents} cents, but the provider charged ${amountCents}`;
    else if (refundedCents < least || refundedCents > most)
      yield `has ${least} cents refunded, but the provider refunded ${refundedCents}`;
  }
  const listed = payment?.settledAt && payment.createdAt >= from && payment.settledAt <= to;
  if (payment?.chargeId && providers.includes(booking?.provider ?? '') && listed && charges.length === 0)
    yield `has a payment that is ${payment.status}, but the provider has no charge`;
}

function* ofTime({ order, refunds }: OrderFacts, stuckSeconds: number): Generator<string> {
  for (const { amountCents, undoneSeconds } of refunds?.all ?? [])
    if (undoneSeconds > stuckSeconds)
      yield `has had an unfinished refund of ${amountCents} cents for ${Math.round(undoneSeconds)} s`;
  if (order && ['new', 'pending'].includes(order.status) && order.ageSeconds > stuckSeconds)
    yield `has been ${order.status} for ${Math.round(order.ageSeconds)} s`;
}

function centsOf(refunds: OrderFacts['refunds'], which: (refund: RefundFacts) => boolean): number {
  return (refunds?.all ?? []).filter(which).reduce((sum, { amountCents }) => sum + amountCents, 0);
}

function canonical(quantities: Record<string, number>): string {
  return Object.entries(quantities)
    .sort(([a], [b]) => a.localeCompare(b))
    .join();
}
