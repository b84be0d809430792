// npm run images:reprocess: processes every image again, at the lowest priority, and shows the progress.
import { join } from 'node:path';
import { root } from './data-dir.ts';
import { main } from './interrupt.ts';
import { runInTerminal } from './processes.ts';
import { withServiceDatabase } from './service-database.ts';

await main(({ asked }) =>
  withServiceDatabase('catalog', 'npm run images:reprocess', asked, async ({ env, shopRuns }) => {
    const script = join(root, 'apps/catalog/dist/reprocess.js');
    const options = shopRuns ? [] : ['--only-write-down'];
    const code = await runInTerminal([process.execPath, script, ...options], { env, signal: asked });
    return asked.aborted ? 0 : code; // after Ctrl-C the shop goes on with the work
  }),
);
