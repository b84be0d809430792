// A product page through gateway and catalog as two processes, with logs and metrics, against plain Fastify and Redis with the
// same bytes.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startStores } from '@shop/tools/stores/stores';
import { withAutocannon } from './http-load.ts';
import { productPage, startPageFloor } from './page-floor.ts';
import { cpuMicros } from './process-cpu.ts';
import { memoryOf } from './process-memory.ts';
import { inTurns, ratios } from './rounds.ts';
import { startApp } from './shop-app.ts';
import { spread } from './statistics.ts';
import type { Figures } from './suite.ts';

const OPTIONS = { drive: withAutocannon, connections: 16, rounds: 7, seconds: 4 };

export async function main(): Promise<Figures> {
  const dir = mkdtempSync(join(tmpdir(), 'shop-bench-'));
  const stops: (() => Promise<unknown>)[] = [];
  const stores = await startStores(dir, {});
  const start = async (name: string, env: NodeJS.ProcessEnv) => {
    const app = await startApp(name, { ...stores.env, NODE_ENV: 'production', LOG_LEVEL: 'info', ...env }, dir);
    stops.push(app.stop);
    return app;
  };
  try {
    const catalog = await start('catalog', { SEED: 'demo' });
    const gateway = await start('gateway', { CATALOG_ADDRESSES: catalog.rpcAddress });
    const { path, page } = await productPage(gateway.url);
    const floor = await startPageFloor(stores.env['REDIS_CACHE_URL']!, page);
    stops.push(floor.stop);
    console.log(`product page of ${page.length} bytes, ${OPTIONS.rounds} rounds of ${OPTIONS.seconds} s each`);
    const cpuOf = (pid: number) => () => cpuMicros(pid);
    const { shop, plain } = await inTurns(
      {
        shop: {
          name: 'gateway + catalog',
          url: gateway.url + path,
          cpu: { gateway: cpuOf(gateway.pid), catalog: cpuOf(catalog.pid) },
        },
        plain: { name: 'Fastify + Redis', url: `http://${floor.address}${path}`, cpu: { Fastify: cpuOf(floor.pid) } },
      },
      OPTIONS,
    );
    const ratio = spread(ratios(shop.cpuPerRequest, plain.cpuPerRequest), 2);
    console.log(`ratio of CPU per request: ${ratio}`);
    const memory = [gateway, catalog].map(({ pid }) => `${memoryOf(pid).residentMb.toFixed(0)} MB`);
    console.log(`memory after load: gateway ${memory[0]}, catalog ${memory[1]}`);
    return [
      ['product page through gateway and catalog against Fastify + Redis, CPU', ratio],
      ['its CPU, and requests per second', `${spread(shop.cpuPerRequest, 0)} µs, ${spread(shop.perSecond, 0)}`],
    ];
  } finally {
    await Promise.all(stops.map((stop) => stop()));
    await stores.stop();
    rmSync(dir, { recursive: true, force: true });
  }
}
