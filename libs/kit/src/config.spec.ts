import { expect, test } from 'vitest';
import * as z from 'zod';
import { ConfigError, defineConfig, readConfigs } from './config.js';

const one = defineConfig({ ONE_URL: z.url().default('http://one'), ONE_COUNT: z.coerce.number().int() });
const two = defineConfig({ TWO_NAME: z.string() });

test('values are typed, defaults fill in, and an empty variable counts as absent', () => {
  const values = readConfigs([one, two], { ONE_URL: '', ONE_COUNT: '3', TWO_NAME: 'x', OTHER: 'ignored' });
  expect(values.get(one.token)).toEqual({ ONE_URL: 'http://one', ONE_COUNT: 3 });
  expect(values.get(two.token)).toEqual({ TWO_NAME: 'x' });
});

test('all problems of all definitions are named in one error', () => {
  const read = () => readConfigs([one, two], { ONE_URL: 'nonsense', ONE_COUNT: 'many' });
  expect(read).toThrow(ConfigError);
  expect(read).toThrow(/ONE_COUNT: .*\n.*ONE_URL: .*\n.*TWO_NAME: /);
});

test('what no variable shows alone is complained about together with the rest', () => {
  const pair = defineConfig({ KIND: z.string(), KEY: z.string().optional() }, ({ KIND, KEY }) =>
    KIND === 'locked' && !KEY ? ['KEY: is needed with KIND=locked'] : [],
  );
  expect(readConfigs([pair], { KIND: 'open' }).get(pair.token)).toEqual({ KIND: 'open' });
  expect(() => readConfigs([pair, two], { KIND: 'locked' })).toThrow(/KEY: is needed with KIND=locked\n.*TWO_NAME: /);
});
