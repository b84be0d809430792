import { OrderStatus } from '@shop/contracts/orders';
import { expect, test } from 'vitest';
import { isSettled, transitions } from './order-status.js';

const reachable = (from: OrderStatus, seen: OrderStatus[] = []): OrderStatus[] =>
  seen.includes(from)
    ? seen
    : transitions[from].reduce<OrderStatus[]>((all, to) => reachable(to, all), [...seen, from]);

test('every status can be reached from new', () => {
  expect(new Set(reachable('new'))).toEqual(new Set(OrderStatus.options));
});

test('a rejected order stays rejected, only a paid one can be refunded, and a failed refund makes it paid again', () => {
  expect(reachable('rejected')).toEqual(['rejected']);
  expect(OrderStatus.options.filter((from) => (transitions[from] as readonly string[]).includes('refunded'))).toEqual([
    'paid',
  ]);
  expect(transitions.refunded).toEqual(['paid']);
});

test('no order goes back to a status that a sweep looks at', () => {
  for (const from of OrderStatus.options.filter(isSettled)) {
    expect(transitions[from].every(isSettled)).toBe(true);
  }
});
