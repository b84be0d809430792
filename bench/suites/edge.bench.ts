// The edge against its floors: a product page from its cache against nginx that sends files of that size, and a page through
// edge (without cache), gateway and catalog against plain Fastify and Redis behind the same nginx.
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startEdge, type Edge, type EdgeOptions } from '@shop/tools/edge/edge';
import { findNginx } from '@shop/tools/edge/nginx-program';
import { freePort } from '@shop/tools/ports';
import { startStores } from '@shop/tools/stores/stores';
import { bestDrive } from './http-load.ts';
import { productPage, startPageFloor } from './page-floor.ts';
import { cpuMicros, familyCpuMicros } from './process-cpu.ts';
import { inTurns, ratios } from './rounds.ts';
import { startApp } from './shop-app.ts';
import { spread } from './statistics.ts';
import type { Figures } from './suite.ts';

const OPTIONS = { connections: 16, rounds: 7, seconds: 3 };

export async function main(): Promise<Figures> {
  const program = await findNginx();
  const { name, drive } = await bestDrive();
  const dir = mkdtempSync(join(tmpdir(), 'shop-bench-'));
  chmodSync(dir, 0o755); // the workers of nginx run as another user
  const stops: (() => Promise<unknown>)[] = [];
  const stores = await startStores(dir, {});
  const start = async (app: string, env: NodeJS.ProcessEnv) => {
    const settings = { NODE_ENV: 'production', LOG_LEVEL: 'info', TRUST_PROXY: '127.0.0.1', ...env };
    const started = await startApp(app, { ...stores.env, ...settings }, dir);
    stops.push(started.stop);
    return started;
  };
  const nginx = async (of: string, env: Record<string, string>, more: Partial<EdgeOptions> = {}) => {
    const settings = { EDGE_RATE_LIMITS: 'off', ...env };
    const edge = await startEdge({ program, dir: join(dir, of), port: await freePort(), env: settings, ...more });
    stops.unshift(edge.stop);
    return { ...edge, cpu: await cpuOf(edge) };
  };
  try {
    const catalog = await start('catalog', { SEED: 'demo' });
    const gateway = await start('gateway', { CATALOG_ADDRESSES: catalog.rpcAddress });
    const { path, page } = await productPage(gateway.url);
    const fastify = await startPageFloor(stores.env['REDIS_CACHE_URL']!, page);
    stops.push(fastify.stop);

    const gateways = { EDGE_GATEWAYS: new URL(gateway.url).host };
    const copies = await nginx('copies', gateways);
    const file = await nginx('file', folderWith(dir, page), {
      source: new URL('./static-nginx', import.meta.url).pathname,
    });
    const through = await nginx('through', { ...gateways, EDGE_CACHE: 'off' });
    const floor = await nginx('floor', { EDGE_GATEWAYS: fastify.address, EDGE_CACHE: 'off' });
    console.log(`product page of ${page.length} bytes; ${OPTIONS.rounds} rounds of ${OPTIONS.seconds} s, ${name}`);

    const kept = await inTurns(
      {
        copy: { name: 'cached at the edge', url: copies.url + path, cpu: { nginx: copies.cpu } },
        file: { name: 'file sent by nginx with defaults', url: `${file.url}/page.json`, cpu: { nginx: file.cpu } },
        logged: { name: 'with the edge’s log', url: `${file.url}/logged/page.json`, cpu: { nginx: file.cpu } },
        tuned: {
          name: 'and with the edge’s cache settings',
          url: `${file.url}/tuned/page.json`,
          cpu: { nginx: file.cpu },
        },
      },
      { drive, ...OPTIONS },
    );
    const cpu = (pid: number) => () => cpuMicros(pid);
    const shop = {
      nginx: through.cpu,
      gateway: cpu(gateway.pid),
      catalog: cpu(catalog.pid),
      Redis: cpu(fastify.redisPid),
    };
    const plain = { nginx: floor.cpu, Fastify: cpu(fastify.pid), Redis: cpu(fastify.redisPid) };
    const asked = await inTurns(
      {
        shop: { name: 'edge → gateway → catalog', url: through.url + path, cpu: shop },
        floor: { name: 'the same nginx → Fastify → Redis', url: floor.url + path, cpu: plain },
      },
      { drive, ...OPTIONS },
    );
    const work = ratios(asked.shop.cpuPerRequest, asked.floor.cpuPerRequest);
    const against = (what: string, floor: typeof kept.file): Figures => [
      [
        `product page from the edge’s cache against ${what}, requests per second`,
        spread(ratios(kept.copy.perSecond, floor.perSecond), 2),
      ],
      ['the same, CPU of nginx', spread(ratios(kept.copy.cpuPerRequest, floor.cpuPerRequest), 2)],
    ];
    return [
      ...against('a file sent by nginx with its defaults', kept.file),
      ...against('a file sent by nginx with the edge’s log', kept.logged),
      ...against('a file sent with all settings of the edge’s cache', kept.tuned),
      ['product page through edge, gateway and catalog against the same nginx, Fastify + Redis, CPU', spread(work, 2)],
    ];
  } finally {
    await Promise.all(stops.map((stop) => stop()));
    await stores.stop();
    rmSync(dir, { recursive: true, force: true });
  }
}

async function cpuOf(edge: Edge): Promise<() => number> {
  const master = await edge.masterPid();
  return () => familyCpuMicros(master);
}

function folderWith(dir: string, page: Buffer): Record<string, string> {
  const folder = join(dir, 'files');
  for (const place of ['', 'logged', 'tuned']) {
    mkdirSync(join(folder, place), { mode: 0o755 });
    writeFileSync(join(folder, place, 'page.json'), page);
  }
  return { EDGE_ASSETS_DIR: folder };
}
