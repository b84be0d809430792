import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { LogThrottle } from './log-throttle.js';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function start() {
  const lines: object[] = [];
  return { lines, throttle: new LogThrottle((fields, message) => lines.push({ ...fields, message })) };
}

it('writes the first lines of a kind and counts the others, with the latest as the example', () => {
  const { lines, throttle } = start();
  for (let id = 1; id <= 3000; id++) throttle.add('down', { id }, 'failed', { burst: 2, everyMs: 1000 });
  throttle.add('other', {}, 'also failed');
  expect(lines).toEqual([{ id: 1, message: 'failed' }, { id: 2, message: 'failed' }, { message: 'also failed' }]);
  vi.advanceTimersByTime(1000);
  expect(lines.slice(3)).toEqual([{ id: 3000, repeated: 2998, message: 'failed' }]);
});

it('writes one line per interval while an outage lasts, and starts anew after it', () => {
  const { lines, throttle } = start();
  const fail = (id: number) => throttle.add('down', { id }, 'failed', { burst: 1, everyMs: 1000 });
  for (let id = 1; id <= 50; id++) {
    fail(id);
    vi.advanceTimersByTime(100);
  }
  expect(lines).toHaveLength(1 + 5);
  vi.advanceTimersByTime(2000);
  expect(vi.getTimerCount()).toBe(0);
  fail(51);
  expect(lines.at(-1)).toEqual({ id: 51, message: 'failed' });
});

it('loses no count when the process ends', () => {
  const { lines, throttle } = start();
  for (let id = 1; id <= 5; id++) throttle.add('down', { id }, 'failed', { burst: 1 });
  throttle.flush();
  expect(lines.at(-1)).toEqual({ id: 5, repeated: 4, message: 'failed' });
});
