// Runs Vitest for the test suites that have a command of their own.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { root } from '@shop/tools/data-dir';
import { runInTerminal } from '@shop/tools/processes';
import { readReport } from '@shop/tools/test-report';

/** The part of Vitest's JSON report that is used here. */
export interface VitestReport {
  success: boolean;
  testResults: {
    name: string;
    assertionResults: { fullName: string; status: string; duration?: number | null }[];
  }[];
}

export interface VitestOptions {
  env?: NodeJS.ProcessEnv;
  signal: AbortSignal;
}

/** Resolves to the exit code. */
export function runVitest(args: string[], { env = process.env, signal }: VitestOptions): Promise<number> {
  const program = join(root, 'node_modules', '.bin', 'vitest');
  return runInTerminal([program, 'run', ...args], { cwd: root, env, signal });
}

/** A run whose last line counts the tests; resolves to the exit code. */
export async function countTests(name: string, args: string[], options: VitestOptions): Promise<number> {
  const scratch = await mkdtemp(join(tmpdir(), `shop-${name}-`));
  try {
    const report = `--outputFile=${join(scratch, 'test-report.json')}`;
    await runVitest([...args, '--reporter=verbose', '--reporter=json', report], options);
    if (options.signal.aborted) return 130;
    const { passed, failed, problem } = await readReport(name, scratch);
    if (problem) console.error(problem);
    console.log(`\n${passed} passed, ${failed} failed`);
    return failed === 0 && !problem ? 0 : 1;
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}
