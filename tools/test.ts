// npm test [-- PROJECT…]: builds, then every project's tests on one private Postgres and Redis; the last line is the sum.
import { spawnSync } from 'node:child_process';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { root } from './data-dir.ts';
import { main } from './interrupt.ts';
import { nx, nxEnv } from './nx.ts';
import { Failure, step } from './terminal.ts';
import { readReport, total } from './test-report.ts';
import startTestStores from './test-stores.ts';

/** Tests wait for processes and stores more than they compute: two projects at a time leave two cores idle for two thirds. */
const PROJECTS_AT_A_TIME = 3;

await main(async ({ asked }) => {
  const projects = wanted(testable(), process.argv.slice(2));
  // What an earlier run left must not pass for this one's.
  for (const { folder } of projects) await rm(join(folder, 'test-report.json'), { force: true });
  const stopStores = await step('Starting Postgres and Redis for the tests', startTestStores);
  let code: number;
  try {
    const names = projects.map(({ name }) => name).join(',');
    const options = [`--parallel=${PROJECTS_AT_A_TIME}`, '--outputStyle=static'];
    // With everything built Nx starts the project with the most dependencies, whose tests take longest, first. A failure to
    // build fails the tests below too.
    await nx(['run-many', '-t', 'build', '-p', names, ...options], { signal: asked });
    code = await nx(['run-many', '-t', 'build', 'test', '-p', names, ...options], { signal: asked });
  } finally {
    await stopStores();
  }
  if (asked.aborted) return 130;
  const results = await Promise.all(projects.map(({ name, folder }) => readReport(name, folder)));
  for (const { name, problem } of results) if (problem) console.error(`${name}: ${problem}`);
  const sum = total(results, code === 0);
  if (sum.skipped > 0) console.log(`\n${sum.skipped} skipped; why is said above.`);
  console.log(`\n${sum.passed} passed, ${sum.failed} failed`);
  return sum.failed === 0 ? 0 : 1;
});

interface Project {
  name: string;
  folder: string;
}

/** The projects with tests, as Nx sees them. */
function testable(): Project[] {
  const options = { cwd: root, env: nxEnv(), encoding: 'utf8' as const };
  const { stdout, stderr } = spawnSync(join(root, 'node_modules/.bin/nx'), ['graph', '--print'], options);
  try {
    const { graph } = JSON.parse(stdout) as {
      graph: { nodes: Record<string, { data: { root: string; targets?: object } }> };
    };
    return Object.entries(graph.nodes)
      .filter(([, { data }]) => 'test' in (data.targets ?? {}))
      .map(([name, { data }]) => ({ name, folder: join(root, data.root) }))
      .sort((a, b) => a.name.localeCompare(b.name));
  } catch {
    throw new Failure(`Nx cannot read the workspace:\n${stderr || stdout}`);
  }
}

function wanted(projects: Project[], names: string[]): Project[] {
  const unknown = names.filter((name) => !projects.some((project) => project.name === name));
  if (unknown.length > 0)
    throw new Failure(`No tests for ${unknown.join(', ')}. There are: ${projects.map(({ name }) => name).join(', ')}.`);
  return names.length === 0 ? projects : projects.filter(({ name }) => names.includes(name));
}
