import { expect, test } from 'vitest';
import { forPeople } from './log-lines.ts';

const line = (fields: object) =>
  JSON.stringify({ level: 30, time: '2026-11-22T07:07:05.042Z', service: 'catalog', ...fields });

test('hides log lines below the level of warnings', () => {
  expect(forPeople(line({ msg: 'ready' }), 'catalog 1')).toBeUndefined();
  expect(forPeople('', 'catalog 1')).toBeUndefined();
});

test('shows warnings and errors with their cause', () => {
  expect(forPeople(line({ level: 40, msg: 'slow' }), 'catalog 1')).toBe('07:07:05 warning catalog 1: slow');
  expect(forPeople(line({ level: 50, msg: 'failed', err: { message: 'no such table' } }), 'catalog 1')).toBe(
    '07:07:05 error catalog 1: failed: no such table',
  );
});

test('shows lines that are not JSON unchanged', () => {
  expect(forPeople('FATAL: out of memory', 'shop')).toBe('warning shop: FATAL: out of memory');
  expect(forPeople('{"half', 'shop')).toBe('warning shop: {"half');
});
