// npm run chaos -- cluster [PART…]: the cluster tests and the chaos tests that take longer, all or some of them. What each part
// found is kept in bench/results/cluster, and all of it makes bench/results/cluster.md.
import { globSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { loadavg, tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { root } from '@shop/tools/data-dir';
import { commit, machine } from '@shop/tools/machine';
import { Failure } from '@shop/tools/terminal';
import { runVitest, type VitestReport } from '../vitest-run.ts';
import { writeFormatted } from '@shop/tools/write-formatted';
import { findCluster, get, helm } from '@shop/deploy/cluster/kubectl';
import { reportOf, type Part } from './report.ts';

const folder = join(root, 'e2e', 'cluster');
const results = join(root, 'bench', 'results');
const kept = join(results, 'cluster');

interface Note {
  file: string;
  what: string;
  figures: Record<string, unknown>;
}

/** Parts are the files of e2e/cluster, by their first word. */
export async function chaosInCluster(words: string[], signal: AbortSignal): Promise<number> {
  const files = globSync('*.{cluster,chaos}.ts', { cwd: folder }).sort();
  const unknown = words.filter((word) => !files.some((file) => nameOf(file) === word));
  if (unknown.length > 0)
    throw new Failure(`There is no part ${unknown.join(', ')}. There are: ${files.map(nameOf).join(', ')}.`);
  const chosen = files.filter((file) => words.length === 0 || words.includes(nameOf(file)));
  await findCluster();
  const scratch = await mkdtemp(join(tmpdir(), 'shop-chaos-'));
  try {
    const [output, notes] = [join(scratch, 'report.json'), join(scratch, 'notes')];
    const args = ['--config', join(folder, 'vitest.chaos.config.ts'), '--reporter=verbose', '--reporter=json'];
    const env = { ...process.env, CLUSTER_NOTES: notes };
    const code = await runVitest([...args, ...chosen, `--outputFile=${output}`], { env, signal });
    if (signal.aborted) return 130;
    const report = await readFile(output, 'utf8').catch(() => {
      throw new Failure('The proofs did not come to an end; why is said above.');
    });
    const lines = (await readFile(notes, 'utf8').catch(() => '')).split('\n').filter(Boolean);
    await keep(
      JSON.parse(report) as VitestReport,
      lines.map((line) => JSON.parse(line) as Note),
    );
    await writeFormatted(join(results, 'cluster.md'), reportOf(await allKept(), files.map(nameOf)));
    return code;
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

function nameOf(file: string): string {
  return basename(file).split('.')[0]!;
}

async function keep({ testResults }: VitestReport, notes: Note[]): Promise<void> {
  const { items } = await get('nodes');
  const cluster = `Kubernetes ${items[0].status.nodeInfo.kubeletVersion}, ${items.length} nodes; Helm ${await helm('version', '--template={{.Version}}')}`;
  const [at, on, by] = [new Date().toISOString().slice(0, 16).replace('T', ' '), machine(), await commit()];
  const loadAverage = Math.round(loadavg()[1]!);
  await mkdir(kept, { recursive: true });
  for (const { name, assertionResults } of testResults) {
    const tests = assertionResults.map(({ fullName, status, duration }) => ({
      name: fullName,
      result: status,
      seconds: Math.round((duration ?? 0) / 1000),
    }));
    const figures = notes.filter(({ file }) => file === basename(name)).map(({ what, figures }) => ({ what, figures }));
    const part = {
      part: nameOf(name),
      at,
      commit: by,
      cluster,
      machine: on,
      loadAverage,
      tests,
      figures,
    } satisfies Part;
    await writeFormatted(join(kept, `${part.part}.json`), JSON.stringify(part));
  }
}

async function allKept(): Promise<Part[]> {
  const files = globSync('*.json', { cwd: kept }).sort();
  return Promise.all(files.map(async (file) => JSON.parse(await readFile(join(kept, file), 'utf8')) as Part));
}
