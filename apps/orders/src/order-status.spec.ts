import { OrderStatus } from '@shop/contracts/orders';
import { expect, test } from 'vitest';
import { isSettled, transitions } from './order-status.js';

const reachable = (from: OrderStatus): OrderStatus[] => [from, ...transitions[from].flatMap((to) => reachable(to))];

test('every status can be reached from new', () => {
  expect(new Set(reachable('new'))).toEqual(new Set(OrderStatus.options));
});

test('a rejected order stays rejected, and only a paid one can be refunded', () => {
  expect(reachable('rejected')).toEqual(['rejected']);
  expect(OrderStatus.options.filter((from) => (transitions[from] as readonly string[]).includes('refunded'))).toEqual([
    'paid',
  ]);
});

test('no order goes back to a status that a sweep looks at', () => {
  for (const from of OrderStatus.options.filter(isSettled)) {
    expect(transitions[from].every(isSettled)).toBe(true);
  }
});
