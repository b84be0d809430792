// npm run images:reprocess: every picture is processed again, after everything else, and how far that is.
import { join } from 'node:path';
import { spawn } from 'node:child_process';
import { root } from './data-dir.ts';
import { main } from './interrupt.ts';
import { withServiceDatabase } from './service-database.ts';

await main(({ asked }) =>
  withServiceDatabase('catalog', 'npm run images:reprocess', asked, async ({ env, shopRuns }) => {
    const script = join(root, 'apps/catalog/dist/reprocess.js');
    const options = shopRuns ? [] : ['--only-write-down'];
    const child = spawn(process.execPath, [script, ...options], { env, stdio: 'inherit', signal: asked });
    return new Promise<number>((resolve) => {
      child.once('error', () => {}); // Ctrl-C: it goes on in the shop
      child.once('close', (code) => resolve(asked.aborted ? 0 : (code ?? 1)));
    });
  }),
);
