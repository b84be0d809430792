import { expect, test } from 'vitest';
import type { ProviderCharge } from './provider-charges.ts';
import { disagreementsOf, type OrderFacts, type RefundFacts } from './rules.ts';

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
/** The disagreements when the provider lists these charges. */
const found = (facts: OrderFacts, ...charges: ProviderCharge[]) =>
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

test('accepts a paid order on which all records agree', () => {
  expect(found(paid, charge)).toEqual([]);
});

test('accepts refused, declined and unfinished orders', () => {
  const { id, order } = paid;
  expect(found({ id, order: { ...order, status: 'rejected' } })).toEqual([]);
  const reservation = { ...paid.reservation, status: 'released' } as const;
  const payment = { ...paid.payment, status: 'declined', chargeId: null } as const;
  expect(found({ id, order: { ...order, status: 'rejected' }, reservation, payment })).toEqual([]);
  expect(found({ id, order: { ...order, status: 'new' } })).toEqual([]);
  const held = { ...paid.reservation, status: 'held' } as const;
  expect(found({ id, order: { ...order, status: 'pending' }, reservation: held })).toEqual([]);
});

test('accepts partial and full refunds', () => {
  expect(found(withRefunds(100, refund(100)), { ...charge, refundedCents: 100 })).toEqual([]);
  expect(found(withRefunds(300, refund(100), refund(200)), { ...charge, refundedCents: 300 })).toEqual([]);
});

test('accepts refunds that are made while the provider is asked', () => {
  const waiting = refund(100, { status: 'waiting', bookedCents: 0, settledAt: null, undoneSeconds: 2 });
  for (const refundedCents of [0, 100])
    expect(found(withRefunds(0, waiting), { ...charge, refundedCents })).toEqual([]);
  const later = refund(100, { settledAt: new Date(after.getTime() + 1).toISOString() });
  for (const refundedCents of [0, 100])
    expect(found(withRefunds(100, later), { ...charge, refundedCents })).toEqual([]);
});

test('compares charges of the provider with payments and payments with charges', () => {
  const words = (facts: OrderFacts, ...charges: ProviderCharge[]) =>
    found(facts, ...charges).map((line) => line.replace('order 1 ', ''));
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
  expect(words(paid)).toEqual(['has a payment that is paid, but the provider has no charge']);
  expect(words(withRefunds(100, refund(100)), { ...charge, refundedCents: 200 })).toEqual([
    'has 100 cents refunded, but the provider refunded 200',
  ]);
  expect(
    words(withRefunds(0, refund(100, { status: 'failed', bookedCents: 0 })), { ...charge, refundedCents: 100 }),
  ).toEqual(['has 0 cents refunded, but the provider refunded 100']);
});

test('expects no charge for payments outside the time of the list, of other providers, or unfinished', () => {
  const ago = new Date(before.getTime() - 1);
  expect(found({ ...paid, payment: { ...paid.payment, createdAt: ago } })).toEqual([]);
  expect(found({ ...paid, payment: { ...paid.payment, settledAt: new Date(after.getTime() + 1) } })).toEqual([]);
  expect(found({ ...paid, booking: { ...paid.booking, provider: 'other' } })).toEqual([]);
  const waiting = { ...paid.payment, status: 'waiting', chargeId: null, settledAt: null } as const;
  const { id, order, reservation } = paid;
  const pending = { id, order: { ...order, status: 'pending' }, payment: waiting } as const;
  expect(found({ ...pending, reservation: { ...reservation, status: 'held' } }, charge)).toEqual([]);
});

test.each<[string, Partial<OrderFacts>]>([
  ['has 100 cents refunded, but payments refunded 0', { order: { ...paid.order, refundedCents: 100 } }],
  [
    'has had an unfinished refund of 100 cents for 61 s',
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
    'has been pending for 61 s',
    {
      order: { ...paid.order, status: 'pending', ageSeconds: 61 },
      reservation: { ...paid.reservation, status: 'held' },
      payment: undefined,
      booking: undefined,
    },
  ],
])('reports an order that %s', (words, change) => {
  const facts = { ...paid, ...change };
  expect(found(facts, ...(facts.payment ? [charge] : []))).toEqual([`order 1 ${words}`]);
});

test('reports goods and payment of an order that is rejected but paid', () => {
  expect(found({ ...paid, order: { ...paid.order, status: 'rejected' } }, charge)).toEqual([
    'order 1 is rejected, but its goods are confirmed',
    'order 1 is rejected, but its payment is paid',
  ]);
});
