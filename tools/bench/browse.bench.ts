// A product page through gateway and catalog as two processes, logging and metrics on, against plain Fastify + Redis with the same bytes.
import { fork, type ChildProcess } from 'node:child_process';
import { mkdtempSync, openSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import autocannon from 'autocannon';
import { Redis } from 'ioredis';
import { freePort } from '../ports.ts';
import { until } from '../processes.ts';
import { startStores } from '../stores/stores.ts';
import { cpuMicros, residentMb } from './process-cpu.ts';
import { median, spread } from './statistics.ts';

const ROUNDS = 7;
const SECONDS = 4;
const CONNECTIONS = 16;

interface Contender {
  name: string;
  url: string;
  processes: ChildProcess[];
}

export async function main(): Promise<void> {
  const dir = mkdtempSync(join(tmpdir(), 'shop-bench-'));
  const log = openSync(join(dir, 'log'), 'a');
  const children: ChildProcess[] = [];
  const stores = await startStores(dir, {});
  const run = (file: string, args: string[], env: NodeJS.ProcessEnv = {}) => {
    const child = fork(file, args, {
      env: { ...process.env, ...env },
      stdio: ['ignore', log, 'inherit', 'ipc'],
      execArgv: [],
    });
    children.push(child);
    return child;
  };
  try {
    const shop = await startShop(run, stores.env);
    const floor = await startFloor(run, shop.url, stores.env['REDIS_CACHE_URL']!);
    await compare([shop, floor]);
    console.log(
      `memory after load: ${shop.processes.map((child) => `${residentMb(child.pid!).toFixed(0)} MB`).join(', ')} (catalog, gateway)`,
    );
  } finally {
    await Promise.all(children.map(end));
    await stores.stop();
    rmSync(dir, { recursive: true, force: true });
  }
}

type Run = (file: string, args: string[], env?: NodeJS.ProcessEnv) => ChildProcess;

async function startShop(run: Run, storesEnv: NodeJS.ProcessEnv): Promise<Contender> {
  const [rpcPort, port, catalogOps, gatewayOps] = [
    await freePort(),
    await freePort(),
    await freePort(),
    await freePort(),
  ];
  const env = {
    ...storesEnv,
    SEED: 'demo',
    NODE_ENV: 'production',
    LOG_LEVEL: 'info',
    CATALOG_ADDRESSES: `127.0.0.1:${rpcPort}`,
  };
  const app = (name: string) => new URL(`../../apps/${name}/dist/main.js`, import.meta.url).pathname;
  const catalog = run(app('catalog'), [], { ...env, RPC_PORT: String(rpcPort), OPS_PORT: String(catalogOps) });
  const gateway = run(app('gateway'), [], { ...env, PORT: String(port), OPS_PORT: String(gatewayOps) });
  for (const ops of [catalogOps, gatewayOps]) {
    const ready = () =>
      fetch(`http://127.0.0.1:${ops}/readyz`).then(
        ({ ok }) => ok,
        () => false,
      );
    if (!(await until(ready, 30_000))) throw new Error(`nothing is ready on port ${ops}`);
  }
  const list = (await (await fetch(`http://127.0.0.1:${port}/api/products?limit=1`)).json()) as {
    items: { id: string }[];
  };
  return {
    name: 'gateway + catalog',
    url: `http://127.0.0.1:${port}/api/products/${list.items[0]!.id}`,
    processes: [catalog, gateway],
  };
}

async function startFloor(run: Run, shopUrl: string, redisUrl: string): Promise<Contender> {
  const body = Buffer.from(await (await fetch(shopUrl)).arrayBuffer());
  const redis = new Redis(redisUrl);
  await redis.set('bench:product', body);
  redis.disconnect();
  const port = await freePort();
  const floor = run(new URL('./redis-floor.ts', import.meta.url).pathname, [redisUrl, 'bench:product', String(port)]);
  await new Promise((resolve) => floor.once('message', resolve));
  console.log(
    `product page of ${body.length} bytes, ${ROUNDS} rounds of ${SECONDS} s each, ${CONNECTIONS} connections`,
  );
  return { name: 'Fastify + Redis', url: `http://127.0.0.1:${port}/api/products/x`, processes: [floor] };
}

/** Rounds of all contenders in turn, so that a change of the machine's speed hits them alike. */
async function compare(contenders: Contender[]): Promise<void> {
  const perRequest = contenders.map(() => [] as number[]);
  const perSecond = contenders.map(() => [] as number[]);
  for (let round = 0; round <= ROUNDS; round++) {
    for (const [i, { url, processes }] of contenders.entries()) {
      const before = processes.map(({ pid }) => cpuMicros(pid!));
      const result = await autocannon({ url, connections: CONNECTIONS, duration: round === 0 ? 2 : SECONDS });
      if (result.non2xx || result.errors)
        throw new Error(`${url}: ${result.non2xx} wrong answers, ${result.errors} errors`);
      const used = processes.reduce((sum, { pid }, p) => sum + cpuMicros(pid!) - before[p]!, 0);
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
