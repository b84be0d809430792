// npm run test:containers: builds the images and tests the shop of docker-compose.yml. The last line counts.
import { join } from 'node:path';
import { root } from './data-dir.ts';
import { main } from './interrupt.ts';
import { build } from './nx.ts';
import { run } from './processes.ts';
import { countTests } from './vitest-run.ts';

await main(async ({ asked }) => {
  if ((await run(['docker', 'compose', 'version'])).code !== 0 || (await run(['docker', 'info'])).code !== 0) {
    console.log('Skipped: no Docker with compose runs here.\n\n0 passed, 0 failed');
    return 0;
  }
  await build({ projects: ['all'], signal: asked });
  const config = join(root, 'apps', 'all', 'containers', 'vitest.config.ts');
  return countTests('containers', ['--config', config], { signal: asked });
});
