import { expect, it } from 'vitest';
import { RetryBudget } from './retry-budget.js';

it('allows a burst, then a fifth of the calls', () => {
  const budget = new RetryBudget();
  let burst = 0;
  while (budget.spend()) burst += 1;
  expect(burst).toBeGreaterThanOrEqual(100);
  let retries = 0;
  for (let i = 0; i < 1000; i += 1) {
    budget.earn();
    if (budget.spend()) retries += 1;
  }
  expect(retries).toBeGreaterThan(150);
  expect(retries).toBeLessThan(250);
});
