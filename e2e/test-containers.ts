// npm run test:containers: builds the images and tests the shop of docker-compose.yml. The last line counts.
import { globSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '@shop/tools/data-dir';
import { main } from '@shop/tools/interrupt';
import { build } from '@shop/tools/nx';
import { run } from '@shop/tools/processes';
import { countTests } from './vitest-run.ts';

const folder = join(root, 'e2e', 'containers');

await main(async ({ asked }) => {
  if ((await run(['docker', 'compose', 'version'])).code !== 0 || (await run(['docker', 'info'])).code !== 0) {
    const files = globSync('*.containers.ts', { cwd: folder });
    console.log('Skipped: no Docker with compose runs here.');
    console.log(`\n${files.length} files of tests skipped; why is said above.\n\n0 passed, 0 failed`);
    return 0;
  }
  await build({ projects: ['all'], signal: asked });
  const config = join(folder, 'vitest.config.ts');
  return countTests('containers', ['--config', config], { signal: asked });
});
