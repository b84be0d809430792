// `nx affected` derives from the imports which projects must be built and tested again.
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { root } from './data-dir.ts';
import { nxEnv } from './nx.ts';
import { run } from './processes.ts';

async function affectedBy(file: string): Promise<string[]> {
  const args = ['show', 'projects', '--affected', `--files=${file}`, '--json'];
  const { output } = await run([join(root, 'node_modules/.bin/nx'), ...args], { cwd: root, env: nxEnv() });
  return (JSON.parse(output) as string[]).sort();
}

test('a change affects its project and its dependents only', async () => {
  expect(await affectedBy('apps/orders/src/sweep.ts')).toEqual(['all', 'bench', 'deploy', 'e2e', 'orders', 'tools']);
  const everything = await affectedBy('libs/contracts/src/orders.ts');
  expect(everything).toEqual(expect.arrayContaining(['accounts', 'gateway', 'image-worker', 'kit', 'payments']));
  expect(await affectedBy('README.md')).toEqual([]);
  // The project `deploy` has the tests of the chart, whose rendered files are outside of it.
  for (const file of ['deploy/chart/values.yaml', 'k8s/rendered/default/shop.yaml'])
    expect(await affectedBy(file), file).toContain('deploy');
});
