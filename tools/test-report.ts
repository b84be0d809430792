// Counts the tests in Vitest's JSON reports, by project and in total.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

export interface Sum {
  passed: number;
  failed: number;
  skipped: number;
}

export interface ProjectResult extends Sum {
  name: string;
  /** The reason for missing test results. */
  problem?: string;
}

interface Report {
  success: boolean;
  numPassedTests: number;
  numFailedTests: number;
  numPendingTests: number;
  numTodoTests: number;
  testResults: { name: string; status: string; message?: string; assertionResults: { status: string }[] }[];
}

export async function readReport(name: string, folder: string): Promise<ProjectResult> {
  const text = await readFile(join(folder, 'test-report.json'), 'utf8').catch(() => undefined);
  if (text === undefined) return { name, passed: 0, failed: 1, skipped: 0, problem: 'its tests could not run' };
  return { name, ...count(JSON.parse(text) as Report) };
}

/** A file that fails outside its tests (an import, a hook) counts as one failure, and so does an error outside all files. */
export function count(report: Report): Omit<ProjectResult, 'name'> {
  const broken = report.testResults.filter(
    ({ status, assertionResults }) => status === 'failed' && !assertionResults.some((test) => test.status === 'failed'),
  );
  const failed = report.numFailedTests + broken.length;
  const counts = { passed: report.numPassedTests, skipped: report.numPendingTests + report.numTodoTests };
  if (broken.length > 0)
    return { ...counts, failed, problem: `${broken.map(({ name }) => name).join(', ')} failed outside its tests` };
  if (!report.success && failed === 0) return { ...counts, failed: 1, problem: 'an error outside its tests' };
  return { ...counts, failed };
}

/** A failure that no report shows (a build, Nx itself) counts as one. */
export function total(results: readonly ProjectResult[], nxSucceeded: boolean): Sum {
  const sum = (key: keyof Sum) => results.reduce((all, result) => all + result[key], 0);
  const failed = sum('failed');
  return { passed: sum('passed'), failed: failed === 0 && !nxSucceeded ? 1 : failed, skipped: sum('skipped') };
}
