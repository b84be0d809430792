import { expect, it, vi } from 'vitest';
import { Admission } from './admission.js';

function start(limits: { maxRunning: number; maxQueued: number }) {
  const admission = new Admission(limits);
  const started: string[] = [];
  const dropped: string[] = [];
  const offer = (name: string, deadlineAt = Infinity) =>
    admission.admit({ start: () => started.push(name), drop: () => dropped.push(name), deadlineAt }, performance.now());
  return { admission, started, dropped, offer };
}

it('runs as many calls as it has places, and queues the others in order', () => {
  const { admission, started, offer } = start({ maxRunning: 2, maxQueued: 10 });
  for (const name of ['a', 'b', 'c', 'd']) expect(offer(name)).toBe(true);
  expect(started).toEqual(['a', 'b']);
  expect(admission.load).toBe(4);
  admission.finished(1);
  expect(started).toEqual(['a', 'b', 'c']);
});

it('refuses when the queue is full', () => {
  const { offer } = start({ maxRunning: 1, maxQueued: 1 });
  expect([offer('a'), offer('b'), offer('c')]).toEqual([true, true, false]);
});

it('refuses only calls that would start too late, judged by earlier ones', () => {
  const { admission, offer } = start({ maxRunning: 1, maxQueued: 10 });
  for (let i = 0; i < 100; i += 1) {
    offer('a');
    admission.finished(1000);
  }
  offer('running');
  expect(offer('soon', performance.now() + 1500)).toBe(false);
  expect(offer('late', performance.now() + 5000)).toBe(true);
});

it('never refuses a call while a place is free, however long earlier ones took', () => {
  const { admission, offer } = start({ maxRunning: 1, maxQueued: 10 });
  for (let i = 0; i < 100; i += 1) {
    offer('a');
    admission.finished(60_000);
  }
  expect(offer('b', performance.now() + 1)).toBe(true);
});

it('drops a queued call whose deadline has passed when its turn comes', async () => {
  const { admission, started, dropped, offer } = start({ maxRunning: 1, maxQueued: 10 });
  const deadlineAt = performance.now() + 20;
  offer('a');
  offer('gone', deadlineAt);
  offer('b');
  await vi.waitUntil(() => performance.now() > deadlineAt);
  admission.finished(0);
  expect(dropped).toEqual(['gone']);
  expect(started).toEqual(['a', 'b']);
});
