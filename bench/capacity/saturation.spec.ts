import { expect, test } from 'vitest';
import { findSaturationPoint } from './saturation.ts';

const forever = { stride: 1.5, resolution: 1.05, endsAt: Infinity };

test.each([3, 90, 100, 110, 5000])('finds the saturation point %d from 100 in few steps', async (limit) => {
  const tried: number[] = [];
  const carries = async (rate: number) => {
    tried.push(rate);
    return rate <= limit;
  };
  const { carried, tooMuch } = await findSaturationPoint(carries, { ...forever, first: 100 });
  expect(carried).toBeLessThanOrEqual(limit);
  expect(tooMuch).toBeGreaterThan(limit);
  expect(tooMuch / carried).toBeLessThanOrEqual(1.05);
  expect(tried.length).toBeLessThanOrEqual(16);
});

test('resolves to what is known when the time is over', async () => {
  const endsAt = performance.now() + 50;
  const carries = async () => {
    await new Promise((resolve) => setTimeout(resolve, 20));
    return true;
  };
  const { carried, tooMuch } = await findSaturationPoint(carries, { ...forever, first: 100, endsAt });
  expect(carried).toBeGreaterThanOrEqual(100);
  expect(tooMuch).toBe(Infinity);
});
