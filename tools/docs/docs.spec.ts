import { expect, test } from 'vitest';
import { documented } from './configuration.ts';

test('the README lists every variable the services read', () => {
  const { current, wanted } = documented();
  expect(current, 'run: npm run docs:config').toBe(wanted);
});
