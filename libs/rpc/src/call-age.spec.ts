import { expect, it } from 'vitest';
import { CallAge } from './call-age.js';

// The sender's clock is 5000 ms ahead, the way takes 1 ms.
const sentAt = (here: number) => here + 5000;

it('takes the quickest call for the length of the way', () => {
  const age = new CallAge();
  expect(age.of(sentAt(0), 1)).toBe(0);
  expect(age.of(sentAt(10), 11)).toBe(0);
});

it('tells how long a call was held up on its way', () => {
  const age = new CallAge();
  age.of(sentAt(0), 1);
  expect(age.of(sentAt(100), 2101)).toBe(2000);
});

it('learns from a quicker call that the ones before were late', () => {
  const age = new CallAge();
  expect(age.of(sentAt(0), 301)).toBe(0);
  age.of(sentAt(400), 401);
  expect(age.of(sentAt(500), 801)).toBe(300);
});

it('follows clocks that drift apart', () => {
  const age = new CallAge();
  // A second an hour.
  const drifting = (here: number) => sentAt(here) - here / 3600;
  let oldest = 0;
  for (let here = 0; here < 24 * 3_600_000; here += 10_000) oldest = Math.max(oldest, age.of(drifting(here), here + 1));
  expect(oldest).toBeLessThan(50);
});
