// npm run prove -- cluster: all cluster tests and the proofs that take longer; their report goes to loadtest/results/cluster.md.
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { root } from '../data-dir.ts';
import { commit, machine } from '../machine.ts';
import { Failure } from '../terminal.ts';
import { runVitest, type VitestReport } from '../vitest-run.ts';
import { writeFormatted } from '../write-formatted.ts';
import { findCluster, get, helm } from './kubectl.ts';

const folder = join(root, 'apps', 'all', 'cluster');
const results = join(root, 'loadtest', 'results');

export interface Note {
  part: string;
  figures: Record<string, unknown>;
}

export async function proveCluster(words: string[], signal: AbortSignal): Promise<number> {
  await findCluster();
  const scratch = await mkdtemp(join(tmpdir(), 'shop-prove-'));
  const startedAt = new Date();
  try {
    const [output, notes] = [join(scratch, 'report.json'), join(scratch, 'notes')];
    const args = [
      '--config',
      join(folder, 'vitest.proof.config.ts'),
      '--reporter=verbose',
      '--reporter=json',
      ...words,
    ];
    const env = { ...process.env, CLUSTER_NOTES: notes };
    const code = await runVitest([...args, `--outputFile=${output}`], { env, signal });
    if (signal.aborted) return 130;
    const report = await readFile(output, 'utf8').catch(() => {
      throw new Failure('The proofs did not come to an end; why is said above.');
    });
    const lines = (await readFile(notes, 'utf8').catch(() => '')).split('\n').filter(Boolean);
    const figures = lines.map((line) => JSON.parse(line) as Note);
    await mkdir(results, { recursive: true });
    const text = await reportOf(JSON.parse(report) as VitestReport, figures, startedAt);
    if (words.length === 0) await writeFormatted(join(results, 'cluster.md'), text);
    return code;
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

/** The page of a run. */
export async function reportOf({ testResults }: VitestReport, notes: Note[], startedAt: Date): Promise<string> {
  const { items: nodes } = await get('nodes');
  const { kubeletVersion } = nodes[0].status.nodeInfo;
  const tests = testResults.flatMap(({ assertionResults }) => assertionResults);
  const passed = tests.filter(({ status }) => status === 'passed').length;
  const minutes = ((Date.now() - startedAt.getTime()) / 60_000).toFixed(0);
  return [
    '# What `npm run prove -- cluster` found',
    '',
    `**${passed} of ${tests.length} passed**, on ${startedAt.toISOString().slice(0, 16).replace('T', ' ')} UTC, commit ${await commit()}, in ${minutes} minutes.`,
    `Kubernetes ${kubeletVersion} with ${nodes.length} nodes, all on one machine: ${machine()}; ${await helm('version', '--short')}.`,
    'The shop has `values-proof.yaml`: pods so small that this machine can show what larger ones do on larger machines. k6, the',
    'ingress controller and the cluster itself share its two cores with them.',
    '',
    '![Pods, requests and their times while a spike comes and goes](cluster-autoscaling.svg)',
    '',
    '## Figures',
    '',
    ...notes.flatMap(({ part, figures }) => [
      `### ${part}`,
      '',
      '| what | |',
      '| --- | --- |',
      ...Object.entries(figures).map(([what, figure]) => `| ${what} | ${shown(figure)} |`),
      '',
    ]),
    '## Every test',
    '',
    '| what | result | seconds |',
    '| --- | --- | ---: |',
    ...tests.map(
      ({ fullName, status, duration }) => `| ${fullName} | ${status} | ${((duration ?? 0) / 1000).toFixed(0)} |`,
    ),
    '',
  ].join('\n');
}

function shown(figure: unknown): string {
  if (Array.isArray(figure)) return figure.join(', ');
  if (typeof figure !== 'object' || figure === null) return String(figure);
  return Object.entries(figure)
    .map(([name, value]) => `${name}: ${shown(value)}`)
    .join('; ');
}
