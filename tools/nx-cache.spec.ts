// Builds may come from Nx's cache, which all clones of a repository share by default; test results must not.
import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { root } from './data-dir.ts';
import { nxEnv } from './nx.ts';
import { run } from './processes.ts';

const nx = join(root, 'node_modules', '.bin', 'nx');
let scratch: string;

beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'shop-nx-cache-'));
});

afterAll(() => rm(scratch, { recursive: true, force: true }));

async function must(command: string[], cwd: string, env = nxEnv()): Promise<string> {
  const { code, output } = await run(command, { cwd, env });
  expect(code, output).toBe(0);
  return output;
}

/** A repository with this workspace's nx.json and one project. Each task appends a line to a file outside. */
async function repository(log: string): Promise<string> {
  const folder = join(scratch, 'repository');
  const project = join(folder, 'apps', 'marker');
  const target = (name: string) => ({ command: `echo ${name} >> ${log}`, options: { cwd: '{projectRoot}' } });
  const targets = { build: target('build'), test: target('test') };
  await mkdir(project, { recursive: true });
  await cp(join(root, 'nx.json'), join(folder, 'nx.json'));
  await writeFile(join(folder, '.gitignore'), 'node_modules\n.nx\n');
  await writeFile(join(folder, 'package.json'), JSON.stringify({ name: 'copy', workspaces: ['apps/*'] }));
  await writeFile(join(project, 'package.json'), JSON.stringify({ name: 'marker', nx: { name: 'marker', targets } }));
  const git = (...args: string[]) => must(['git', '-c', 'user.name=t', '-c', 'user.email=t@t.test', ...args], folder);
  await git('init', '--quiet');
  await git('add', '.');
  await git('commit', '--quiet', '--message', 'Start');
  return folder;
}

test('a second clone takes builds from the cache and runs the tests again', async () => {
  const log = join(scratch, 'log');
  const origin = await repository(log);
  // A separate home folder: an empty cache that both clones share.
  const { NX_CACHE_DIRECTORY: _, ...env } = nxEnv({ ...process.env, HOME: join(scratch, 'home') });
  await mkdir(join(scratch, 'home'));
  for (const name of ['first', 'second']) {
    const clone = join(scratch, name);
    await must(['git', 'clone', '--quiet', origin, clone], scratch);
    await symlink(join(root, 'node_modules'), join(clone, 'node_modules'));
    await must([nx, 'run-many', '-t', 'build', 'test'], clone, env);
  }
  const ran = (await readFile(log, 'utf8')).trim().split('\n');
  expect(ran).toEqual(['build', 'test', 'test']);
});

test('projects cache builds, type checks and lint only', async () => {
  const output = await must([nx, 'graph', '--print'], root);
  const { graph } = JSON.parse(output) as {
    graph: { nodes: Record<string, { data: { targets: Record<string, { cache?: boolean }> } }> };
  };
  const cached = Object.values(graph.nodes).flatMap(({ data }) =>
    Object.entries(data.targets).flatMap(([name, { cache }]) => (cache ? [name] : [])),
  );
  expect([...new Set(cached)].sort()).toEqual(['build', 'lint', 'typecheck']);
});
