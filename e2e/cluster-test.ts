// npm run cluster:test [-- --keep]: tests a shop of its own in the cluster of KUBECONFIG. The last line counts.
import { join } from 'node:path';
import { root } from '@shop/tools/data-dir';
import { main } from '@shop/tools/interrupt';
import { build } from '@shop/tools/nx';
import { parseCommand } from '@shop/tools/terminal';
import { countTests } from './vitest-run.ts';

const usage = 'npm run cluster:test [-- --url http://localhost:8081] [--keep] [--no-build] [FILE]';

await main(async ({ asked }) => {
  const { values, words } = parseCommand(
    usage,
    {
      url: { type: 'string', default: '' },
      keep: { type: 'boolean', default: false },
      'no-build': { type: 'boolean', default: false },
    },
    1,
  );
  await build({ projects: ['all'], signal: asked });
  const config = join(root, 'e2e', 'cluster', 'vitest.config.ts');
  const env = {
    ...process.env,
    ...(values.url && { CLUSTER_URL: values.url }),
    ...(values.keep && { CLUSTER_KEEP: 'yes' }),
    ...(values['no-build'] && { CLUSTER_BUILD: 'no' }),
  };
  return countTests('cluster', ['--config', config, ...words], { env, signal: asked });
});
