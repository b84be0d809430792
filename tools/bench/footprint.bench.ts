// What the shop needs before anybody comes: memory when idle of the whole and of each service, and start to ready.
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, openSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../ports.ts';
import { until } from '../processes.ts';
import { startStores } from '../stores/stores.ts';
import { residentMb } from './process-cpu.ts';
import { spread } from './statistics.ts';

const APPS = ['all', 'gateway', 'accounts', 'catalog', 'orders', 'payments', 'image-worker'];
const ROUNDS = 5;

/** After this long without a request memory has settled. */
const SETTLE_MS = 5000;

export async function main(): Promise<void> {
  const dir = mkdtempSync(join(tmpdir(), 'shop-bench-'));
  const stores = await startStores(dir, {});
  try {
    await measure('all', stores.env, dir); // migrates and seeds
    console.log(`start to ready and memory when idle, ${ROUNDS} rounds: median (least–most)`);
    const results = new Map(APPS.map((app) => [app, { ready: [] as number[], memory: [] as number[] }]));
    for (let round = 0; round < ROUNDS; round++) {
      for (const [app, { ready, memory }] of results) {
        const once = await measure(app, stores.env, dir);
        ready.push(once.readySeconds);
        memory.push(once.memoryMb);
      }
    }
    for (const [app, { ready, memory }] of results) {
      console.log(`${app.padEnd(14)} ${spread(ready, 2)} s   ${spread(memory, 0)} MB`);
    }
  } finally {
    await stores.stop();
    rmSync(dir, { recursive: true, force: true });
  }
}

async function measure(
  app: string,
  storesEnv: NodeJS.ProcessEnv,
  dir: string,
): Promise<{ readySeconds: number; memoryMb: number }> {
  const [port, opsPort, rpcPort] = [await freePort(), await freePort(), await freePort()];
  const env = {
    ...process.env,
    ...storesEnv,
    SEED: 'demo',
    PORT: String(port),
    OPS_PORT: String(opsPort),
    RPC_PORT: String(rpcPort),
  };
  const log = openSync(join(dir, 'log'), 'a');
  const main = new URL(`../../apps/${app}/dist/main.js`, import.meta.url).pathname;
  const startedAt = performance.now();
  const child = spawn(process.execPath, [main], { env, stdio: ['ignore', log, 'inherit'] });
  try {
    const ready = () =>
      fetch(`http://127.0.0.1:${opsPort}/readyz`).then(
        ({ ok }) => ok,
        () => false,
      );
    if (!(await until(ready, 60_000, 10))) throw new Error(`${app} does not get ready`);
    const readySeconds = (performance.now() - startedAt) / 1000;
    await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
    return { readySeconds, memoryMb: residentMb(child.pid!) };
  } finally {
    await end(child);
  }
}

function end(child: ChildProcess): Promise<unknown> {
  const gone = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  return gone;
}
