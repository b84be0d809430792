import { expect, test } from 'vitest';
import { join } from 'node:path';
import { root } from './data-dir.ts';
import { run } from './processes.ts';

const load = (...args: string[]) => run([process.execPath, join(root, 'tools/load.ts'), ...args]);

test('a shop that is not on this machine is not loaded, unless it is said to be one’s own', async () => {
  const { code, output } = await load('browse', 'smoke', '--target', 'https://shop.example');
  expect(code).toBe(1);
  expect(output.trim()).toMatch(/^shop\.example is not this machine\..*--target-is-mine/);
});

test.each([
  [['browse', 'everything'], 'There is no load "everything". There are: breakpoint, ramp, smoke'],
  [['everything'], 'There is no flow "everything". There are: account, browse'],
  [['browse', 'smoke', '--rate', 'fast'], '--rate fast is no number'],
  [['browse', 'smoke', '--duration', 'long'], '--duration long is none'],
  [['browse', 'smoke', '--target', 'shop'], '--target shop is no address'],
  [['browse', 'smoke', 'now'], '"now" is one word too many. Usage: npm run load --'],
])('%j is answered with what is possible', async (args, words) => {
  const { code, output } = await load(...args);
  expect([code, output.trim()]).toEqual([1, expect.stringContaining(words)]);
});
