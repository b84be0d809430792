import { expect, it } from 'vitest';
import { CallAge } from './call-age.js';

// The sender's clock is 5000 ms ahead, and the network takes 1 ms.
const sentAt = (here: number) => here + 5000;

it('takes the fastest call as the delay of the network', () => {
  const age = new CallAge();
  expect(age.of(sentAt(0), 1)).toBe(0);
  expect(age.of(sentAt(10), 11)).toBe(0);
});

it('reports how long a call was delayed', () => {
  const age = new CallAge();
  age.of(sentAt(0), 1);
  expect(age.of(sentAt(100), 2101)).toBe(2000);
});

it('learns from a faster call that earlier ones were delayed', () => {
  const age = new CallAge();
  expect(age.of(sentAt(0), 301)).toBe(0);
  age.of(sentAt(400), 401);
  expect(age.of(sentAt(500), 801)).toBe(300);
});

it('adapts to clocks that drift apart', () => {
  const age = new CallAge();
  // By a second per hour.
  const drifting = (here: number) => sentAt(here) - here / 3600;
  let oldest = 0;
  for (let here = 0; here < 24 * 3_600_000; here += 10_000) oldest = Math.max(oldest, age.of(drifting(here), here + 1));
  expect(oldest).toBeLessThan(50);
});
