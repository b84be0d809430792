import { expect, test } from 'vitest';
import { join } from 'node:path';
import { root } from './data-dir.ts';
import { findK6, type K6Program } from './load/k6-program.ts';
import { flowNames, loadNames } from './load/run-k6.ts';
import { run } from './processes.ts';

const load = (...args: string[]) => run([process.execPath, join(root, 'tools/load.ts'), ...args]);

test('refuses to load a shop on another machine without --target-is-mine', async () => {
  const { code, output } = await load('browse', 'smoke', '--target', 'https://shop.example');
  expect(code).toBe(1);
  expect(output.trim()).toMatch(/^shop\.example is not this machine\..*--target-is-mine/);
});

test.each([
  [['browse', 'everything'], 'There is no load "everything". There are: breakpoint, ramp, smoke'],
  [['everything'], 'There is no flow "everything". There are: account, browse'],
  [['browse', 'smoke', '--rate', 'fast'], '--rate fast is not a number'],
  [['browse', 'smoke', '--duration', 'long'], '--duration long is not a duration'],
  [['browse', 'smoke', '--target', 'shop'], '--target shop is not a URL'],
  [['browse', 'smoke', 'now'], '"now" is one word too many. Usage: npm run load --'],
])('%j fails with the possible values', async (args, words) => {
  const { code, output } = await load(...args);
  expect([code, output.trim()]).toEqual([1, expect.stringContaining(words)]);
});

const k6: K6Program | Error = await findK6().catch((error: Error) => error);
const source = join(root, 'loadtest');

test('finds seven flows and six loads', () => {
  expect([flowNames.length, loadNames.length]).toEqual([7, 6]);
});

test.skipIf(k6 instanceof Error).each(flowNames)(
  'the flow %s runs under every load and has thresholds',
  async (flow) => {
    const program = k6 as K6Program;
    const [command, scripts] =
      'image' in program
        ? [['docker', 'run', '--rm', '-v', `${source}:/loadtest:ro`, program.image], '/loadtest']
        : [[program.path], source];
    for (const load of loadNames) {
      const { code, output } = await run([...command, 'inspect', '-e', `LOAD=${load}`, `${scripts}/flows/${flow}.ts`]);
      expect(code, output).toBe(0);
      const { scenarios, thresholds } = JSON.parse(output) as Record<string, Record<string, unknown>>;
      for (const name of Object.keys(scenarios!))
        for (const threshold of [`http_req_duration{flow:${name}}`, `http_req_failed{flow:${name}}`])
          expect(thresholds, `${flow} ${load}`).toHaveProperty([threshold]);
    }
  },
);
