import { expect, test, vi } from 'vitest';
import { Log } from './log.js';
import { repeat } from './repeat.js';

const log = new Log('silent', 'test');

test('work is done again after its pause, and at once while it leaves some behind', async () => {
  const startedAt = performance.now();
  let left = 50;
  const stop = repeat({ name: 'work', seconds: 0.1, log }, async () => --left > 0);
  await vi.waitFor(() => expect(left).toBeLessThanOrEqual(0), { interval: 5 });
  expect(performance.now() - startedAt).toBeLessThan(1000);
  await vi.waitFor(() => expect(left).toBeLessThanOrEqual(-2));
  await stop();
});

test('a round that fails is followed by the next', async () => {
  let rounds = 0;
  const stop = repeat({ name: 'work', seconds: 0.01, log }, async () => {
    rounds += 1;
    throw new Error('once more');
  });
  await vi.waitFor(() => expect(rounds).toBeGreaterThan(2));
  await stop();
});

test('stopping waits for the round under way and starts no other', async () => {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  let rounds = 0;
  const stop = repeat({ name: 'work', seconds: 0.01, log }, () => {
    rounds += 1;
    return promise;
  });
  await vi.waitFor(() => expect(rounds).toBe(1));
  const stopped = stop();
  resolve(true);
  await stopped;
  expect(rounds).toBe(1);
});
