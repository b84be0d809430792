import { expect, test } from 'vitest';
import { disagreementsOf, type OrderFacts } from './reconciliation-rules.ts';

const quantities = { a: 2, b: 1 };
const paid = {
  id: '1',
  order: { status: 'paid', totalCents: 300, refundedCents: 0, method: 'card', ageSeconds: 10, quantities },
  reservation: { status: 'confirmed', totalCents: 300, quantities: { b: 1, a: 2 } },
  payment: { status: 'paid', amountCents: 300, method: 'card', chargeId: 'fake_1' },
  booking: { transactions: 1, salesCents: 300 },
  charge: { status: 'paid', amountCents: 300 },
} as const satisfies OrderFacts;
const told = (facts: OrderFacts) => disagreementsOf(facts, 60);

test('a paid order that everybody agrees on is no disagreement', () => {
  expect(told(paid)).toEqual([]);
});

test('neither is one that is refused, declined, or on its way', () => {
  const { id, order } = paid;
  expect(told({ id, order: { ...order, status: 'rejected' } })).toEqual([]);
  const reservation = { ...paid.reservation, status: 'released' } as const;
  const payment = { ...paid.payment, status: 'declined', chargeId: null } as const;
  const charge = { ...paid.charge, status: 'declined' } as const;
  expect(told({ id, order: { ...order, status: 'rejected' }, reservation, payment, charge })).toEqual([]);
  expect(told({ id, order: { ...order, status: 'new' } })).toEqual([]);
  const held = { ...paid.reservation, status: 'held' } as const;
  expect(told({ id, order: { ...order, status: 'pending' }, reservation: held })).toEqual([]);
});

test('neither is one of which a part, or all, was given back', () => {
  const refunds = { refundedCents: 100, bookedCents: 100, byFakeCents: 100 };
  expect(told({ ...paid, order: { ...paid.order, refundedCents: 100 }, refunds })).toEqual([]);
  const all = { refundedCents: 300, bookedCents: 300, byFakeCents: 300 };
  expect(told({ ...paid, order: { ...paid.order, status: 'refunded', refundedCents: 300 }, refunds: all })).toEqual([]);
});

test.each<[string, Partial<OrderFacts>]>([
  ['has 100 cents refunded, but payments gave back 0', { order: { ...paid.order, refundedCents: 100 } }],
  [
    'has 100 cents given back, but 0 are booked',
    {
      order: { ...paid.order, refundedCents: 100 },
      refunds: { refundedCents: 100, bookedCents: 0, byFakeCents: 100 },
    },
  ],
  [
    'has 100 cents given back, but the provider gave 200',
    {
      order: { ...paid.order, refundedCents: 100 },
      refunds: { refundedCents: 100, bookedCents: 100, byFakeCents: 200 },
    },
  ],
  ['is paid, but its goods are held', { reservation: { ...paid.reservation, status: 'held' } }],
  ['is paid, but its goods are not reserved', { reservation: undefined }],
  [
    'is unknown to orders, but its goods are held',
    {
      order: undefined,
      payment: undefined,
      booking: undefined,
      charge: undefined,
      reservation: { ...paid.reservation, status: 'held' },
    },
  ],
  ['is over 300 cents, but its goods were reserved for 299', { reservation: { ...paid.reservation, totalCents: 299 } }],
  ['has other lines than were reserved for it', { reservation: { ...paid.reservation, quantities: { a: 3 } } }],
  ['is paid, but its payment is unknown', { payment: undefined, booking: undefined, charge: undefined }],
  ['is paid by card, but charged by credit', { payment: { ...paid.payment, method: 'credit' } }],
  ['has a payment that is paid, but the provider says nothing', { charge: undefined }],
  ['has a payment of 300 cents, but the provider was asked for 301', { charge: { ...paid.charge, amountCents: 301 } }],
  ['is booked 2 times, not 1', { booking: { transactions: 2, salesCents: 600 } }],
  ['is booked 0 times, not 1', { booking: undefined }],
  ['was paid with 300 cents, but 299 are booked', { booking: { transactions: 1, salesCents: 299 } }],
  [
    'is pending since 61 s',
    {
      order: { ...paid.order, status: 'pending', ageSeconds: 61 },
      reservation: { ...paid.reservation, status: 'held' },
      payment: undefined,
      booking: undefined,
      charge: undefined,
    },
  ],
])('an order that %s is told', (words, change) => {
  expect(told({ ...paid, ...change })).toEqual([`order 1 ${words}`]);
});

test('an order that is rejected but paid is told from both sides', () => {
  expect(told({ ...paid, order: { ...paid.order, status: 'rejected' } })).toEqual([
    'order 1 is rejected, but its goods are confirmed',
    'order 1 is rejected, but its payment is paid',
  ]);
});
