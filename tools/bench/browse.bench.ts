// A product page through gateway and catalog as two processes, logging and metrics on, against plain Fastify + Redis with the same bytes.
import { fork, type ChildProcess } from 'node:child_process';
import { mkdtempSync, openSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import autocannon from 'autocannon';
import { Redis } from 'ioredis';
import { freePort } from '../ports.ts';
import { startStores } from '../stores/stores.ts';
import { cpuMicros } from './process-cpu.ts';
import { memoryOf } from './process-memory.ts';
import { startApp } from './shop-app.ts';
import { median, spread } from './statistics.ts';

const ROUNDS = 7;
const SECONDS = 4;
const CONNECTIONS = 16;

interface Contender {
  name: string;
  url: string;
  pids: number[];
}

export async function main(): Promise<void> {
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
    await compare([
      { name: 'gateway + catalog', url, pids: [catalog.pid, gateway.pid] },
      { name: 'Fastify + Redis', url: floor.url, pids: [floor.process.pid!] },
    ]);
    const memory = [gateway, catalog].map(({ pid }) => `${memoryOf(pid).residentMb.toFixed(0)} MB`);
    console.log(`memory after load: gateway ${memory[0]}, catalog ${memory[1]}`);
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
  console.log(
    `product page of ${body.length} bytes, ${ROUNDS} rounds of ${SECONDS} s each, ${CONNECTIONS} connections`,
  );
  return { url: `http://127.0.0.1:${port}/api/products/x`, process: floor };
}

/** Rounds of all contenders in turn, so that a change of the machine's speed hits them alike. */
async function compare(contenders: Contender[]): Promise<void> {
  const perRequest = contenders.map(() => [] as number[]);
  const perSecond = contenders.map(() => [] as number[]);
  for (let round = 0; round <= ROUNDS; round++) {
    for (const [i, { url, pids }] of contenders.entries()) {
      const before = pids.map(cpuMicros);
      const result = await autocannon({ url, connections: CONNECTIONS, duration: round === 0 ? 2 : SECONDS });
      if (result.non2xx || result.errors)
        throw new Error(`${url}: ${result.non2xx} wrong answers, ${result.errors} errors`);
      const used = pids.reduce((sum, pid, p) => sum + cpuMicros(pid) - before[p]!, 0);
      if (round === 0) continue; // warm-up
      perRequest[i]!.push(used / result.requests.total);
      perSecond[i]!.push(result.requests.average);
    }
  }
  for (const [i, { name }] of contenders.entries()) {
    console.log(
      `${name.padEnd(20)} ${spread(perRequest[i]!)} µs CPU per request, ${spread(perSecond[i]!, 0)} requests/s`,
    );
  }
  const ratios = perRequest[0]!.map((value, round) => value / perRequest[1]![round]!);
  console.log(`ratio of CPU per request: ${spread(ratios, 2)}, median ${median(ratios).toFixed(2)}`);
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  await gone;
}
