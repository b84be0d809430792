import { expect, test } from 'vitest';
import type { ProviderCharge } from './provider-charges.ts';
import { disagreementsOf, type OrderFacts, type RefundFacts } from './reconciliation-rules.ts';

const quantities = { a: 2, b: 1 };
const [before, during, after] = [1, 3, 5].map((day) => new Date(2026, 10, day)) as [Date, Date, Date];
const paid = {
  id: '1',
  order: { status: 'paid', totalCents: 300, refundedCents: 0, method: 'card', ageSeconds: 10, quantities },
  reservation: { status: 'confirmed', totalCents: 300, quantities: { b: 1, a: 2 } },
  payment: { status: 'paid', amountCents: 300, method: 'card', chargeId: 'ch', createdAt: during, settledAt: during },
  booking: { transactions: 1, salesCents: 300, provider: 'fake' },
} as const satisfies OrderFacts;
const charge: ProviderCharge = { orderId: '1', chargeId: 'ch', amountCents: 300, refundedCents: 0 };
/** With these charges in the provider's list. */
const told = (facts: OrderFacts, ...charges: ProviderCharge[]) =>
  disagreementsOf(
    facts,
    { providers: ['fake'], missing: [], from: before, to: after, charges: new Map([['1', charges]]) },
    60,
  );
const refund = (amountCents: number, about: Partial<RefundFacts> = {}): RefundFacts => ({
  ...{ status: 'refunded', amountCents, bookedCents: amountCents, settledAt: during.toISOString(), undoneSeconds: 0 },
  ...about,
});
const withRefunds = (refundedCents: number, ...all: RefundFacts[]): OrderFacts => ({
  ...paid,
  order: { ...paid.order, refundedCents, status: refundedCents === 300 ? 'refunded' : 'paid' },
  refunds: { all },
});

test('a paid order that everybody agrees on is no disagreement', () => {
  expect(told(paid, charge)).toEqual([]);
});

test('neither is one that is refused, declined, or on its way', () => {
  const { id, order } = paid;
  expect(told({ id, order: { ...order, status: 'rejected' } })).toEqual([]);
  const reservation = { ...paid.reservation, status: 'released' } as const;
  const payment = { ...paid.payment, status: 'declined', chargeId: null } as const;
  expect(told({ id, order: { ...order, status: 'rejected' }, reservation, payment })).toEqual([]);
  expect(told({ id, order: { ...order, status: 'new' } })).toEqual([]);
  const held = { ...paid.reservation, status: 'held' } as const;
  expect(told({ id, order: { ...order, status: 'pending' }, reservation: held })).toEqual([]);
});

test('neither is one of which a part, or all, was given back', () => {
  expect(told(withRefunds(100, refund(100)), { ...charge, refundedCents: 100 })).toEqual([]);
  expect(told(withRefunds(300, refund(100), refund(200)), { ...charge, refundedCents: 300 })).toEqual([]);
});

test('neither is a refund on its way while the provider is asked', () => {
  const waiting = refund(100, { status: 'waiting', bookedCents: 0, settledAt: null, undoneSeconds: 2 });
  for (const refundedCents of [0, 100]) expect(told(withRefunds(0, waiting), { ...charge, refundedCents })).toEqual([]);
  const later = refund(100, { settledAt: new Date(after.getTime() + 1).toISOString() });
  for (const refundedCents of [0, 100]) expect(told(withRefunds(100, later), { ...charge, refundedCents })).toEqual([]);
});

test('what the provider charged is compared with payments, and the other way round', () => {
  const words = (facts: OrderFacts, ...charges: ProviderCharge[]) =>
    told(facts, ...charges).map((line) => line.replace('order 1 ', ''));
  const { id, payment } = paid;
  expect(words({ id }, charge)).toEqual(['was charged 300 cents by the provider as ch, but its payment is unknown']);
  const declined = { ...payment, status: 'declined', chargeId: null } as const;
  const rejected = { id, order: { ...paid.order, status: 'rejected' }, payment: declined } as const;
  expect(words(rejected, charge)).toEqual(['was charged 300 cents by the provider as ch, but its payment is declined']);
  expect(words(paid, charge, { ...charge, chargeId: 'other' })).toEqual([
    'was charged 300 cents by the provider as other, but its payment is ch',
  ]);
  expect(words(paid, { ...charge, amountCents: 301 })).toEqual([
    'has a payment of 300 cents, but the provider charged 301',
  ]);
  expect(words(paid)).toEqual(['has a payment that is paid, but the provider knows of no charge']);
  expect(words(withRefunds(100, refund(100)), { ...charge, refundedCents: 200 })).toEqual([
    'has 100 cents given back, but the provider gave 200',
  ]);
  expect(
    words(withRefunds(0, refund(100, { status: 'failed', bookedCents: 0 })), { ...charge, refundedCents: 100 }),
  ).toEqual(['has 0 cents given back, but the provider gave 100']);
});

test('the provider is not missed for payments out of the time of its list, of another provider, or on their way', () => {
  const ago = new Date(before.getTime() - 1);
  expect(told({ ...paid, payment: { ...paid.payment, createdAt: ago } })).toEqual([]);
  expect(told({ ...paid, payment: { ...paid.payment, settledAt: new Date(after.getTime() + 1) } })).toEqual([]);
  expect(told({ ...paid, booking: { ...paid.booking, provider: 'other' } })).toEqual([]);
  const waiting = { ...paid.payment, status: 'waiting', chargeId: null, settledAt: null } as const;
  const { id, order, reservation } = paid;
  const pending = { id, order: { ...order, status: 'pending' }, payment: waiting } as const;
  expect(told({ ...pending, reservation: { ...reservation, status: 'held' } }, charge)).toEqual([]);
});

test.each<[string, Partial<OrderFacts>]>([
  ['has 100 cents refunded, but payments gave back 0', { order: { ...paid.order, refundedCents: 100 } }],
  [
    'has a refund of 100 cents that is not done since 61 s',
    { refunds: { all: [refund(100, { status: 'waiting', bookedCents: 0, settledAt: null, undoneSeconds: 61 })] } },
  ],
  ['is paid, but its goods are held', { reservation: { ...paid.reservation, status: 'held' } }],
  ['is paid, but its goods are not reserved', { reservation: undefined }],
  [
    'is unknown to orders, but its goods are held',
    {
      order: undefined,
      payment: undefined,
      booking: undefined,
      reservation: { ...paid.reservation, status: 'held' },
    },
  ],
  ['is over 300 cents, but its goods were reserved for 299', { reservation: { ...paid.reservation, totalCents: 299 } }],
  ['has other lines than were reserved for it', { reservation: { ...paid.reservation, quantities: { a: 3 } } }],
  ['is paid, but its payment is unknown', { payment: undefined, booking: undefined }],
  ['is paid by card, but charged by credit', { payment: { ...paid.payment, method: 'credit' } }],
  ['is booked 2 times, not 1', { booking: { ...paid.booking, transactions: 2, salesCents: 600 } }],
  ['is booked 0 times, not 1', { booking: undefined }],
  ['was paid with 300 cents, but 299 are booked', { booking: { ...paid.booking, salesCents: 299 } }],
  [
    'is pending since 61 s',
    {
      order: { ...paid.order, status: 'pending', ageSeconds: 61 },
      reservation: { ...paid.reservation, status: 'held' },
      payment: undefined,
      booking: undefined,
    },
  ],
])('an order that %s is told', (words, change) => {
  const facts = { ...paid, ...change };
  expect(told(facts, ...(facts.payment ? [charge] : []))).toEqual([`order 1 ${words}`]);
});

test('an order that is rejected but paid is told from both sides', () => {
  expect(told({ ...paid, order: { ...paid.order, status: 'rejected' } }, charge)).toEqual([
    'order 1 is rejected, but its goods are confirmed',
    'order 1 is rejected, but its payment is paid',
  ]);
});
