// npm run chaos [-- PART…]: kills and disturbs the shop at every step of an order and compares what is left, some twenty minutes
// long. The parts are the files of e2e/chaos; a whole run writes report.md beside them. `cluster` and
// its parts (cluster/chaos.ts) are apart.
import { globSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { chaosInCluster } from './cluster/run-chaos.ts';
import { root } from '@shop/tools/data-dir';
import { main } from '@shop/tools/interrupt';
import { commit as currentCommit, machine } from '@shop/tools/machine';
import { build } from '@shop/tools/nx';
import { Failure } from '@shop/tools/terminal';
import { runVitest, type VitestReport } from './vitest-run.ts';
import { writeFormatted } from '@shop/tools/write-formatted';

const folder = join(root, 'e2e', 'chaos');
/** Longer than any run takes: what hangs has failed too. */
const LONGEST_MS = 45 * 60_000;
const LONGEST_IN_CLUSTER_MS = 2 * LONGEST_MS;

await main(async ({ asked }) => {
  const all = globSync('*.chaos.ts', { cwd: folder }).map((file) => basename(file, '.chaos.ts'));
  const parts = process.argv.slice(2);
  if (parts[0] === 'cluster') {
    await build({ signal: asked });
    return chaosInCluster(parts.slice(1), AbortSignal.any([asked, AbortSignal.timeout(LONGEST_IN_CLUSTER_MS)]));
  }
  const unknown = parts.filter((part) => !all.includes(part));
  if (unknown.length > 0)
    throw new Failure(`There is no part ${unknown.join(', ')}. There are: ${[...all.sort(), 'cluster'].join(', ')}.`);
  await build({ signal: asked });
  const scratch = await mkdtemp(join(tmpdir(), 'shop-chaos-'));
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
  const signal = AbortSignal.any([asked, AbortSignal.timeout(LONGEST_MS)]);
  return runVitest(['--config', join(folder, 'vitest.config.ts'), ...args], { signal });
}

function words({ testResults }: VitestReport, startedAt: Date, commit: string): string {
  const files = testResults
    .map(({ name, assertionResults }) => ({ part: basename(name, '.chaos.ts'), assertionResults }))
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
    '# What `npm run chaos` found',
    '',
    `**${passed} of ${tests.length} passed**, on ${startedAt.toISOString().slice(0, 16).replace('T', ' ')} UTC, commit ${commit}, in ${minutes} minutes.`,
    `Machine: ${machine()}.`,
    '',
    'After each of these every order that anybody was told of is final within 60 s, exists once and was charged once, the',
    'stock adds up, and `npm run reconcile` finds nothing. What each fail point is and who goes on from there is in',
    '[How an order cannot be lost](../../apps/orders/how-an-order-cannot-be-lost.md).',
    '',
    ...rows,
  ].join('\n');
}
