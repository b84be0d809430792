// npm run prove [-- PART…]: kills and disturbs the shop at every step of an order and compares what is left, some ten minutes
// long. The parts are the files of apps/all/prove; a whole run writes report.md beside them.
import { spawn } from 'node:child_process';
import { globSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { root } from './data-dir.ts';
import { main } from './interrupt.ts';
import { commit as currentCommit, machine } from './machine.ts';
import { build } from './nx.ts';
import { Failure } from './terminal.ts';
import { writeFormatted } from './write-formatted.ts';

const folder = join(root, 'apps', 'all', 'prove');
/** Longer than any run takes: what hangs has failed too. */
const LONGEST_MS = 45 * 60_000;

interface VitestReport {
  success: boolean;
  testResults: {
    name: string;
    assertionResults: { fullName: string; status: string; duration?: number | null }[];
  }[];
}

await main(async ({ asked }) => {
  const all = globSync('*.prove.ts', { cwd: folder }).map((file) => basename(file, '.prove.ts'));
  const parts = process.argv.slice(2);
  const unknown = parts.filter((part) => !all.includes(part));
  if (unknown.length > 0)
    throw new Failure(`There is no part ${unknown.join(', ')}. There are: ${all.sort().join(', ')}.`);
  await build({ signal: asked });
  const scratch = await mkdtemp(join(tmpdir(), 'shop-prove-'));
  const startedAt = new Date();
  const commit = await currentCommit();
  try {
    const output = join(scratch, 'report.json');
    const code = await vitest([...parts, '--reporter=default', '--reporter=json', `--outputFile=${output}`], asked);
    if (asked.aborted) return 130;
    const report = JSON.parse(await readFile(output, 'utf8')) as VitestReport;
    if (parts.length === 0) await writeFormatted(join(folder, 'report.md'), words(report, startedAt, commit));
    return code;
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
});

function vitest(args: string[], asked: AbortSignal): Promise<number> {
  const program = join(root, 'node_modules', '.bin', 'vitest');
  const config = join(folder, 'vitest.config.ts');
  const signal = AbortSignal.any([asked, AbortSignal.timeout(LONGEST_MS)]);
  const child = spawn(program, ['run', '--config', config, ...args], { cwd: root, stdio: 'inherit', signal });
  return new Promise((resolve) => {
    child.once('error', () => {}); // aborted: it ends and says so below
    child.once('close', (code) => resolve(code ?? 1));
  });
}

function words({ testResults }: VitestReport, startedAt: Date, commit: string): string {
  const files = testResults
    .map(({ name, assertionResults }) => ({ part: basename(name, '.prove.ts'), assertionResults }))
    .sort((a, b) => a.part.localeCompare(b.part));
  const tests = files.flatMap(({ assertionResults }) => assertionResults);
  const passed = tests.filter(({ status }) => status === 'passed').length;
  const minutes = ((Date.now() - startedAt.getTime()) / 60_000).toFixed(1);
  const rows = files.map(({ part, assertionResults }) =>
    [
      `## ${part}`,
      '',
      '| what | result | seconds |',
      '| --- | --- | ---: |',
      ...assertionResults.map(
        ({ fullName, status, duration }) => `| ${fullName} | ${status} | ${((duration ?? 0) / 1000).toFixed(1)} |`,
      ),
      '',
    ].join('\n'),
  );
  return [
    '# What `npm run prove` found',
    '',
    `**${passed} of ${tests.length} passed**, on ${startedAt.toISOString().slice(0, 16).replace('T', ' ')} UTC, commit ${commit}, in ${minutes} minutes.`,
    `Machine: ${machine()}.`,
    '',
    'After each of these every order that anybody was told of is final within 60 s, exists once and was charged once, the',
    'stock adds up, and `npm run reconcile` finds nothing. What each crash point is and who goes on from there is in',
    '[How an order cannot be lost](../../orders/how-an-order-cannot-be-lost.md).',
    '',
    ...rows,
  ].join('\n');
}
