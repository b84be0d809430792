import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { count, readReport, total } from './test-report.ts';

const file = (status: string, ...tests: string[]) => ({
  name: 'a.spec.ts',
  status,
  assertionResults: tests.map((each) => ({ status: each })),
});
const report = (changes: Partial<Parameters<typeof count>[0]>) => ({
  success: true,
  numPassedTests: 0,
  numFailedTests: 0,
  numPendingTests: 0,
  numTodoTests: 0,
  testResults: [],
  ...changes,
});

test('counts tests as Vitest does', () => {
  const counted = count(
    report({ numPassedTests: 3, numPendingTests: 1, numTodoTests: 1, testResults: [file('passed', 'passed')] }),
  );
  expect(counted).toEqual({ passed: 3, failed: 0, skipped: 2 });
  const failing = report({ success: false, numFailedTests: 2, testResults: [file('failed', 'failed', 'failed')] });
  expect(count(failing)).toEqual({ passed: 0, failed: 2, skipped: 0 });
});

test('counts a file that fails outside its tests as a failure', () => {
  const broken = report({ success: false, numPassedTests: 1, testResults: [file('passed', 'passed'), file('failed')] });
  expect(count(broken)).toMatchObject({ passed: 1, failed: 1, problem: 'a.spec.ts failed outside its tests' });
});

test('counts an error outside all files as a failure', () => {
  expect(count(report({ success: false, numPassedTests: 1 }))).toMatchObject({ passed: 1, failed: 1 });
});

test('counts a project without a report as a failure', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'shop-report-'));
  expect(await readReport('catalog', folder)).toMatchObject({ failed: 1, problem: 'its tests could not run' });
  await rm(folder, { recursive: true });
});

test('counts a failure of Nx that no report shows as a failure', () => {
  const good = { name: 'a', passed: 2, failed: 0, skipped: 0 };
  expect(total([good, good], true)).toEqual({ passed: 4, failed: 0, skipped: 0 });
  expect(total([good, good], false)).toEqual({ passed: 4, failed: 1, skipped: 0 });
  expect(total([good, { ...good, failed: 3 }], false)).toEqual({ passed: 4, failed: 3, skipped: 0 });
});
