// npm run dev: like npm start, and rebuilds and restarts the shop after every change of a source file.
import { existsSync, globSync, watch } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { root } from './data-dir.ts';
import { main, whenAborted, type Interrupt } from './interrupt.ts';
import { build } from './nx.ts';
import type { ServiceProcess } from './service-process.ts';
import { announce, shopPorts, startShopProcess } from './shop-process.ts';
import { openShop, sayStopping, type Shop } from './shop.ts';
import { explain, parseOptions, step } from './terminal.ts';

/** An editor or a checkout writes several files at once: a rebuild waits until no file has changed for this long. */
const QUIET_MS = 150;

await main(async (interrupt) => {
  parseOptions('npm run dev', {});
  const shop = await openShop({ command: 'npm run dev', ports: shopPorts(), interrupt });
  const nextChange = watchSources();
  const asked = whenAborted(interrupt.asked);
  let service: ServiceProcess | undefined;
  try {
    service = await restart(shop);
    if (!interrupt.asked.aborted) await announce(shop);
    while (!interrupt.asked.aborted) {
      const files = await Promise.race([nextChange(), asked]);
      if (!files) break;
      console.log(`Changed: ${files.join(', ')}`);
      if (!(await builds(interrupt))) continue;
      await service?.stop(interrupt.hurry);
      service = await restart(shop);
    }
    sayStopping();
  } finally {
    await service?.stop(interrupt.hurry);
    await shop.close();
  }
  return 0;
});

/** A shop that does not start is reported; the next change may repair it. */
async function restart(shop: Shop): Promise<ServiceProcess> {
  const service = startShopProcess(shop);
  try {
    await shop.claim.setChildren([service.pid]);
    await step('Starting the shop', () => service.ready());
    void service.crashed.then((how) =>
      console.error(`The shop ended by itself (${how}); the next change starts it again.`),
    );
  } catch (error) {
    console.error(explain(error));
  }
  return service;
}

async function builds({ asked }: Interrupt): Promise<boolean> {
  try {
    await build({ signal: asked });
    return true;
  } catch (error) {
    if (!asked.aborted) console.error(`${explain(error)}\nThe shop keeps running as it was.`);
    return false;
  }
}

/** The returned function resolves to the files changed since its last call, once changes have stopped. */
function watchSources(): () => Promise<string[]> {
  let changed: string[] = [];
  let wake = () => {};
  const watched = new Set<string>();
  // Each folder by itself, because Node's recursive watching loses files that an editor replaces.
  const watchFolders = () => {
    for (const path of watched) if (!existsSync(path)) watched.delete(path);
    for (const folder of globSync('{apps,libs}/*/src/**/', { cwd: root })) {
      const path = join(root, folder);
      if (watched.has(path)) continue;
      watched.add(path);
      watch(path, (event, name) => note(event, join(folder, name ?? '')));
    }
  };
  const note = (event: string, file: string) => {
    if (event === 'rename') watchFolders();
    if (!/\.(tsx?|css)$/.test(file) || file.endsWith('.spec.ts')) return;
    changed.push(file);
    wake();
  };
  watchFolders();
  return async () => {
    while (changed.length === 0) await new Promise<void>((resolve) => (wake = resolve));
    for (let seen = 0; seen !== changed.length; await sleep(QUIET_MS)) seen = changed.length;
    const files = [...new Set(changed)];
    changed = [];
    return files;
  };
}
