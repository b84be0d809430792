// The footprint of the shop: time to ready, idle memory of the whole shop and of each service, and memory after load.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startStores } from '@shop/tools/stores/stores';
import { browse, buySomething, calledServices, callOften, type Bought } from './footprint-load.ts';
import { memoryOf } from './process-memory.ts';
import { startApp, type ShopApp } from './shop-app.ts';
import { spread } from './statistics.ts';
import type { Figures } from './suite.ts';

const APPS = ['all', 'gateway', 'accounts', 'catalog', 'orders', 'payments', 'image-worker'];
const ROUNDS = 5;
const LOAD_SECONDS = 20;

/** Memory is stable after this time without requests. */
const SETTLE_MS = 5000;

/** Time for V8 to release memory after the load. */
const REST_MS = 15_000;

export async function main(): Promise<Figures> {
  const dir = mkdtempSync(join(tmpdir(), 'shop-bench-'));
  const stores = await startStores(dir, {});
  const env = { ...stores.env, SEED: 'demo', RATE_LIMITS: 'off' };
  const started: ShopApp[] = [];
  const start = async (name: string, more: NodeJS.ProcessEnv = {}) => {
    const app = await startApp(name, { ...env, ...more }, dir);
    started.push(app);
    return app;
  };
  try {
    const all = await start('all'); // migrates and seeds
    const bought = await buySomething(all.url);
    await all.stop();
    const idle = await measureIdle(start);
    return [...idle, ...(await measureAfterLoad(start, bought))];
  } finally {
    await Promise.all(started.map(({ stop }) => stop()));
    await stores.stop();
    rmSync(dir, { recursive: true, force: true });
  }
}

type Start = (name: string, env?: NodeJS.ProcessEnv) => Promise<ShopApp>;

async function measureIdle(start: Start): Promise<Figures> {
  console.log(`time to ready; idle memory, and its private part; ${ROUNDS} rounds: median (minimum–maximum)`);
  const results = APPS.map((name) => ({ name, ready: [] as number[], resident: [] as number[], own: [] as number[] }));
  for (let round = 0; round < ROUNDS; round++) {
    for (const { name, ready, resident, own } of results) {
      const app = await start(name);
      await sleep(SETTLE_MS);
      const memory = memoryOf(app.pid);
      await app.stop();
      ready.push(app.readySeconds);
      resident.push(memory.residentMb);
      own.push(memory.ownMb);
    }
  }
  for (const { name, ready, resident, own } of results) {
    console.log(`${name.padEnd(14)} ${spread(ready, 2)} s   ${spread(resident, 0)} MB   ${spread(own, 0)} MB`);
  }
  return results.map(({ name, ready, resident }) => [
    `${name}: time to ready; idle memory`,
    `${spread(ready, 2)} s; ${spread(resident, 0)} MB`,
  ]);
}

async function measureAfterLoad(start: Start, bought: Bought): Promise<Figures> {
  console.log(`memory right after ${LOAD_SECONDS} s of load, and ${REST_MS / 1000} s later`);
  const catalog = await start('catalog');
  const gateway = await start('gateway', { CATALOG_ADDRESSES: catalog.rpcAddress });
  const pages = await browse(gateway.url, bought, LOAD_SECONDS);
  const figures = await tell({ gateway, catalog }, `${pages.toFixed(0)} product pages/s`);
  for (const name of calledServices) {
    const app = await start(name);
    const rate = await callOften(name, app.rpcAddress, bought, LOAD_SECONDS);
    figures.push(...(await tell({ [name]: app }, `${rate.toFixed(0)} calls/s`)));
  }
  return figures;
}

async function tell(apps: Record<string, ShopApp>, load: string): Promise<Figures> {
  const memory = () => Object.values(apps).map(({ pid }) => `${memoryOf(pid).residentMb.toFixed(0)} MB`);
  const now = memory();
  await sleep(REST_MS);
  const later = memory();
  for (const [i, name] of Object.keys(apps).entries())
    console.log(`${name.padEnd(14)} ${now[i]}   ${later[i]}   (${load})`);
  await Promise.all(Object.values(apps).map(({ stop }) => stop()));
  return Object.keys(apps).map((name, i) => [`${name}: memory after ${load}, and later`, `${now[i]}, ${later[i]}`]);
}
