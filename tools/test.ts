// npm test [-- PROJECT…]: builds, then runs the tests of all projects on one private Postgres and Redis. The last line is the
// total.
import { spawnSync } from 'node:child_process';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { root } from './data-dir.ts';
import { main } from './interrupt.ts';
import { nx, nxEnv } from './nx.ts';
import { Failure, step } from './terminal.ts';
import { readReport, total } from './test-report.ts';
import startTestStores from './test-stores.ts';

/** Tests wait for processes and stores more than they compute: with two projects at a time, two cores idle for two thirds. */
const PROJECTS_AT_A_TIME = 3;

await main(async ({ asked }) => {
  const projects = wanted(testable(), process.argv.slice(2));
  // Reports of an earlier run must not count.
  for (const { folder } of projects) await rm(join(folder, 'test-report.json'), { force: true });
  const stopStores = await step('Starting Postgres and Redis for the tests', startTestStores);
  let code: number;
  try {
    const names = projects.map(({ name }) => name).join(',');
    const options = [`--parallel=${PROJECTS_AT_A_TIME}`, '--outputStyle=static'];
    // When everything is built, Nx first starts the project with the most dependencies, whose tests take longest. A build that
    // fails here fails the tests below too.
    await nx(['run-many', '-t', 'build', '-p', names, ...options], { signal: asked });
    code = await nx(['run-many', '-t', 'build', 'test', '-p', names, ...options], { signal: asked });
  } finally {
    await stopStores();
  }
  if (asked.aborted) return 130;
  const results = await Promise.all(projects.map(({ name, folder }) => readReport(name, folder)));
  for (const { name, problem } of results) if (problem) console.error(`${name}: ${problem}`);
  const sum = total(results, code === 0);
  if (sum.skipped > 0) console.log(`\n${sum.skipped} skipped for the reasons above.`);
  console.log(`\n${sum.passed} passed, ${sum.failed} failed`);
  return sum.failed === 0 ? 0 : 1;
});

interface Project {
  name: string;
  folder: string;
}

/** The projects that have tests, according to Nx. */
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
    throw new Failure(
      `There are no tests for ${unknown.join(', ')}. Projects with tests: ${projects.map(({ name }) => name).join(', ')}.`,
    );
  return names.length === 0 ? projects : projects.filter(({ name }) => names.includes(name));
}
