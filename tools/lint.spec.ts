// Checks the rules of eslint.config.mjs on a copy of the workspace, through Nx as CI runs it.
import { cp, mkdir, mkdtemp, readdir, readlink, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { root } from './data-dir.ts';
import { nxEnv } from './nx.ts';
import { run } from './processes.ts';

vi.setConfig({ testTimeout: 120_000 });

// Without sources, so that only the files of the test are checked.
const left = new Set(['node_modules', 'src', 'test', 'dist', '.nx', '.data', '.git']);
let copy: string;

beforeAll(async () => {
  copy = await mkdtemp(join(tmpdir(), 'shop-lint-'));
  for (const name of (await readdir(root)).filter((entry) => !left.has(entry)))
    await cp(join(root, name), join(copy, name), { recursive: true, filter: (path) => !left.has(basename(path)) });
  await linkPackages(join(root, 'node_modules'), join(copy, 'node_modules'));
});

/** Other packages are shared; the packages of the workspace must be those of the copy. */
async function linkPackages(from: string, to: string): Promise<void> {
  await mkdir(to);
  for (const name of await readdir(from)) if (name !== '@shop') await symlink(join(from, name), join(to, name));
  await mkdir(join(to, '@shop'));
  for (const name of await readdir(join(from, '@shop')))
    await symlink(await readlink(join(from, '@shop', name)), join(to, '@shop', name));
}

afterAll(() => rm(copy, { recursive: true, force: true }));

test('forbidden imports, environment reads and oversized files fail the lint of their project', async () => {
  const write = async (path: string, text: string) => {
    await mkdir(dirname(join(copy, path)), { recursive: true });
    await writeFile(join(copy, path), text);
  };
  await write('apps/orders/src/order-status.ts', 'export const orderStatus = 1;');
  await write(
    'apps/catalog/src/forbidden.ts',
    `import { orders } from '@shop/orders/orders.module';
     import { orderStatus } from '../../orders/src/order-status.js';
     import { again } from './forbidden-too.js';
     export const forbidden = [orders, orderStatus, again, process.env['HOME']];
     export const many = (a: number, b: number, c: number, d: number, e: number, f: number) => [a, b, c, d, e, f];
     Promise.resolve();
     ${'//\n'.repeat(250)}`,
  );
  await write(
    'apps/catalog/src/forbidden-too.ts',
    `import { forbidden } from './forbidden.js';\nexport const again = (): unknown => forbidden;\n`,
  );
  await write(
    'libs/contracts/src/forbidden.ts',
    `import pg from 'pg';\nimport { join } from 'node:path';\nexport default [pg, join];\n`,
  );

  const args = [
    'run-many',
    '-t',
    'lint',
    '-p',
    'catalog,contracts',
    '--excludeTaskDependencies',
    '--outputStyle=static',
  ];
  const { code, output } = await run([join(root, 'node_modules/.bin/nx'), ...args], {
    cwd: copy,
    env: nxEnv(),
  });
  expect(code).not.toBe(0);
  expect(problemsIn(stripVTControlCharacters(output))).toEqual([
    'catalog/src/forbidden-too.ts:1 import-x/no-cycle',
    'catalog/src/forbidden.ts:1 @nx/enforce-module-boundaries',
    'catalog/src/forbidden.ts:2 @nx/enforce-module-boundaries',
    'catalog/src/forbidden.ts:251 max-lines',
    'catalog/src/forbidden.ts:3 import-x/no-cycle',
    'catalog/src/forbidden.ts:4 no-restricted-properties',
    'catalog/src/forbidden.ts:5 max-params',
    'catalog/src/forbidden.ts:6 @typescript-eslint/no-floating-promises',
    'contracts/src/forbidden.ts:1 @nx/enforce-module-boundaries',
    'contracts/src/forbidden.ts:2 no-restricted-imports',
  ]);
});

/** The problems in ESLint's default output, as `file:line rule`. */
function problemsIn(output: string): string[] {
  let file = '';
  const problems: string[] = [];
  for (const line of output.split('\n')) {
    file = /\/(?:apps|libs)\/(\S+\.ts)$/.exec(line)?.[1] ?? file;
    const [, at, rule] = /^ +(\d+):\d+ +error .* (\S+)$/.exec(line) ?? [];
    if (at) problems.push(`${file}:${at} ${rule}`);
  }
  return problems.sort();
}
