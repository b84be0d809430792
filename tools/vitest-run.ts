// Runs of vitest as commands of their own.
import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { root } from './data-dir.ts';
import { readReport } from './test-report.ts';

/** What vitest's JSON reporter writes, as far as it is used here. */
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

/** Answers the exit code. */
export function runVitest(args: string[], { env = process.env, signal }: VitestOptions): Promise<number> {
  const program = join(root, 'node_modules', '.bin', 'vitest');
  const child = spawn(program, ['run', ...args], { cwd: root, env, stdio: 'inherit', signal });
  return new Promise((resolve) => {
    child.once('error', () => {}); // aborted: it ends and says so below
    child.once('close', (code) => resolve(code ?? 1));
  });
}

/** A run whose last line counts; answers the exit code. */
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
