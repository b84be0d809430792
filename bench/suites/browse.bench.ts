// A product page through gateway and catalog as two processes, logging and metrics on, against plain Fastify + Redis with the same bytes.
import { fork, type ChildProcess } from 'node:child_process';
import { mkdtempSync, openSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { freePort } from '@shop/tools/ports';
import { startStores } from '@shop/tools/stores/stores';
import { withAutocannon } from './http-load.ts';
import { cpuMicros } from './process-cpu.ts';
import { memoryOf } from './process-memory.ts';
import { inTurns, ratios } from './rounds.ts';
import { startApp } from './shop-app.ts';
import { spread } from './statistics.ts';
import type { Figures } from './suite.ts';

const OPTIONS = { drive: withAutocannon, connections: 16, rounds: 7, seconds: 4 };

export async function main(): Promise<Figures> {
  const dir = mkdtempSync(join(tmpdir(), 'shop-bench-'));
  const log = openSync(join(dir, 'log'), 'a');
  const stops: (() => Promise<unknown>)[] = [];
  const stores = await startStores(dir, {});
  const start = async (name: string, env: NodeJS.ProcessEnv) => {
    const app = await startApp(name, { ...stores.env, NODE_ENV: 'production', LOG_LEVEL: 'info', ...env }, log);
    stops.push(app.stop);
    return app;
  };
  try {
    const catalog = await start('catalog', { SEED: 'demo' });
    const gateway = await start('gateway', { CATALOG_ADDRESSES: catalog.rpcAddress });
    const url = await productPage(gateway.url);
    const floor = await startFloor(url, stores.env['REDIS_CACHE_URL']!);
    stops.push(() => end(floor.process));
    const cpuOf = (pid: number) => () => cpuMicros(pid);
    const { shop, plain } = await inTurns(
      {
        shop: { name: 'gateway + catalog', url, cpu: { gateway: cpuOf(gateway.pid), catalog: cpuOf(catalog.pid) } },
        plain: { name: 'Fastify + Redis', url: floor.url, cpu: { Fastify: cpuOf(floor.process.pid!) } },
      },
      OPTIONS,
    );
    const ratio = spread(ratios(shop.cpuPerRequest, plain.cpuPerRequest), 2);
    console.log(`ratio of CPU per request: ${ratio}`);
    const memory = [gateway, catalog].map(({ pid }) => `${memoryOf(pid).residentMb.toFixed(0)} MB`);
    console.log(`memory after load: gateway ${memory[0]}, catalog ${memory[1]}`);
    return [
      ['product page through gateway and catalog against Fastify + Redis, CPU', ratio],
      ['its CPU, and requests a second', `${spread(shop.cpuPerRequest, 0)} µs, ${spread(shop.perSecond, 0)}`],
    ];
  } finally {
    await Promise.all(stops.map((stop) => stop()));
    await stores.stop();
    rmSync(dir, { recursive: true, force: true });
  }
}

async function productPage(gatewayUrl: string): Promise<string> {
  const list = await fetch(`${gatewayUrl}/api/products?limit=1`);
  const { items } = (await list.json()) as { items: { id: string }[] };
  return `${gatewayUrl}/api/products/${items[0]!.id}`;
}

async function startFloor(pageUrl: string, redisUrl: string): Promise<{ url: string; process: ChildProcess }> {
  const body = Buffer.from(await (await fetch(pageUrl)).arrayBuffer());
  const redis = new Redis(redisUrl);
  await redis.set('bench:product', body);
  redis.disconnect();
  const port = await freePort();
  const file = new URL('./redis-floor.ts', import.meta.url).pathname;
  const floor = fork(file, [redisUrl, 'bench:product', String(port)], { execArgv: [] });
  await new Promise((resolve) => floor.once('message', resolve));
  console.log(`product page of ${body.length} bytes, ${OPTIONS.rounds} rounds of ${OPTIONS.seconds} s each`);
  return { url: `http://127.0.0.1:${port}/api/products/x`, process: floor };
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  await gone;
}
