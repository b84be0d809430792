// npm run test:containers: builds the images and tests the shop of docker-compose.yml. The last line counts.
import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { root } from './data-dir.ts';
import { main } from './interrupt.ts';
import { build } from './nx.ts';
import { run } from './processes.ts';
import { readReport } from './test-report.ts';

await main(async ({ asked }) => {
  if ((await run(['docker', 'compose', 'version'])).code !== 0 || (await run(['docker', 'info'])).code !== 0) {
    console.log('Skipped: no Docker with compose runs here.\n\n0 passed, 0 failed');
    return 0;
  }
  await build({ projects: ['all'], signal: asked });
  const scratch = await mkdtemp(join(tmpdir(), 'shop-containers-'));
  try {
    const report = `--outputFile=${join(scratch, 'test-report.json')}`;
    const config = join(root, 'apps', 'all', 'containers', 'vitest.config.ts');
    const program = join(root, 'node_modules', '.bin', 'vitest');
    const args = ['run', '--config', config, '--reporter=verbose', '--reporter=json', report];
    const child = spawn(program, args, { cwd: root, stdio: 'inherit', signal: asked });
    await new Promise<void>((resolve) => {
      child.once('error', () => {}); // aborted: it ends and says so below
      child.once('close', () => resolve());
    });
    if (asked.aborted) return 130;
    const { passed, failed, problem } = await readReport('containers', scratch);
    if (problem) console.error(problem);
    console.log(`\n${passed} passed, ${failed} failed`);
    return failed === 0 && !problem ? 0 : 1;
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
});
