// The effect of each cache layer: the same load on a shop without caches, with caches in the memory of the catalogs, then also
// in Redis, then also at the edge. `npm run bench -- caches write` writes the table into results/caches.md.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { root } from '@shop/tools/data-dir';
import { startEdge } from '@shop/tools/edge/edge';
import { findNginx } from '@shop/tools/edge/nginx-program';
import { findK6 } from '@shop/tools/load/k6-program';
import { runK6 } from '@shop/tools/load/run-k6';
import { commit, machine } from '@shop/tools/machine';
import { freePort } from '@shop/tools/ports';
import { writeFormatted } from '@shop/tools/write-formatted';
import { startStoresFor, type Stores } from './checkout-shop.ts';
import { cpuMicros, familyCpuMicros } from './process-cpu.ts';
import { startApp, type ShopApp } from './shop-app.ts';
import { median, spread } from './statistics.ts';
import type { Figures } from './suite.ts';

const ROUNDS = 3;
const SECONDS = 10;
const RATE = 150;
/** A Redis that does not exist: the catalog works without. */
const NO_REDIS = { REDIS_CACHE_URL: 'redis://127.0.0.1:1' };
const layers = ['process', 'redis', 'postgres'] as const;

interface Stack {
  name: string;
  url: string;
  /** CPU so far, in µs. */
  cpu(): Record<string, number>;
  /** Reads so far, by layer. */
  reads(): Promise<Record<string, number>>;
}

interface Measured {
  p95: number;
  cpuPerPage: number;
  parts: Record<string, number>;
  /** Of 1000 pages, how many each layer answered: browser caches, the edge, catalog memory, Redis, Postgres. */
  answered: Record<string, number>;
}

export async function main(args: string[] = []): Promise<Figures> {
  const [program, k6] = [await findNginx(), await findK6()];
  const load = loadavg()[0]!.toFixed(1);
  const dir = mkdtempSync(join(tmpdir(), 'shop-bench-'));
  const stores = await startStoresFor(dir);
  const stops: (() => Promise<unknown>)[] = [];
  const start = async (app: string, env: NodeJS.ProcessEnv) => {
    const settings = { NODE_ENV: 'production', LOG_LEVEL: 'info', TRUST_PROXY: '127.0.0.1', SEED: 'demo' };
    const started = await startApp(app, { ...stores.env, ...settings, ...env }, dir);
    stops.push(started.stop);
    return started;
  };
  const shop = async (env: NodeJS.ProcessEnv) => {
    const catalogs = [await start('catalog', env), await start('catalog', env)];
    const addresses = catalogs.map(({ rpcAddress }) => rpcAddress).join();
    return { catalogs, gateway: await start('gateway', { CATALOG_ADDRESSES: addresses }) };
  };
  const stack = async (name: string, { catalogs, gateway }: Awaited<ReturnType<typeof shop>>, copies: string) => {
    const env = { EDGE_GATEWAYS: new URL(gateway.url).host, EDGE_CACHE: copies, EDGE_RATE_LIMITS: 'off' };
    const edge = await startEdge({ program, dir: join(dir, name), port: await freePort(), env });
    stops.unshift(edge.stop);
    const nginx = await edge.masterPid();
    return {
      name,
      url: edge.url,
      cpu: () => ({ nginx: familyCpuMicros(nginx), ...cpuOf(gateway, catalogs, stores) }),
      reads: () => readsOf(catalogs),
    };
  };
  try {
    const usual = await shop({});
    const stacks: Stack[] = [
      await stack('no caches', await shop({ ...NO_REDIS, CATALOG_FRESH_MS: '1' }), 'off'),
      await stack('+ in catalog memory', await shop(NO_REDIS), 'off'),
      await stack('+ in Redis', usual, 'off'),
      await stack('+ at the edge', usual, 'on'),
    ];
    console.log(`${RATE} pages/s, 2 catalogs, ${ROUNDS} rounds of ${SECONDS} s`);
    const results = stacks.map(() => [] as Measured[]);
    for (let round = 0; round <= ROUNDS; round++)
      for (const [i, one] of stacks.entries()) {
        const measured = await measure(one, k6, dir);
        if (round > 0) results[i]!.push(measured); // the first round warms up
      }
    if (args.includes('write'))
      await writeTable(
        stacks.map(({ name }, i) => [name, results[i]!]),
        load,
      );
    return stacks.map(({ name }, i) => tell(name, results[i]!));
  } finally {
    await Promise.all(stops.map((stop) => stop()));
    await stores.stop();
    rmSync(dir, { recursive: true, force: true });
  }
}

async function measure(stack: Stack, program: Awaited<ReturnType<typeof findK6>>, dir: string): Promise<Measured> {
  const [reads, cpu] = [await stack.reads(), stack.cpu()];
  const env = { TARGET: stack.url, LOAD: 'steady', RATE: String(RATE), DURATION: `${SECONDS}s`, PATIENCE: '100' };
  const { code, output, summary } = await runK6({ program, flow: 'browse', env, dir: join(dir, 'k6') });
  if (!summary || code !== 0) throw new Error(`${stack.name}: ${output}`);
  const pages = summary.flows['browse']!.count;
  const used = Object.entries(stack.cpu()).map(([part, micros]) => [part, (micros - cpu[part]!) / pages] as const);
  const asked = await stack.reads();
  const per1000 = (number: number) => (number / pages) * 1000;
  const answered = {
    browser: 1000 * (summary.browserCopies ?? 0),
    edge: 1000 * (summary.edgeCopies ?? 0),
    ...Object.fromEntries(layers.map((layer) => [layer, per1000(asked[layer]! - reads[layer]!)])),
  };
  const cpuPerPage = used.reduce((sum, [, micros]) => sum + micros, 0);
  return { p95: summary.flows['browse']!.p95, cpuPerPage, parts: Object.fromEntries(used), answered };
}

const page = join(root, 'bench', 'results', 'caches.md');
const [BEGIN, END] = ['<!-- figures: begin -->', '<!-- figures: end -->'];

async function writeTable(results: [name: string, rounds: Measured[]][], load: string): Promise<void> {
  const [, first] = results[0]!;
  const columns = { parts: Object.keys(first[0]!.parts), answered: Object.keys(first[0]!.answered) };
  const heads = ['caches', 'CPU', ...columns.parts, 'p95', ...columns.answered];
  const rows = results.map(([name, rounds]) => {
    const middle = (of: (measured: Measured) => number) => median(rounds.map(of));
    const cells = [
      middle(({ cpuPerPage }) => cpuPerPage).toFixed(0),
      ...columns.parts.map((part) => middle(({ parts }) => parts[part]!).toFixed(0)),
      `${middle(({ p95 }) => p95).toFixed(1)} ms`,
      ...columns.answered.map((layer) => middle(({ answered }) => answered[layer]!).toFixed(0)),
    ];
    return `| ${[name, ...cells].join(' | ')} |`;
  });
  const text = [
    `${new Date().toISOString().slice(0, 10)}, ${machine()}, commit ${await commit()}; load average ${load} before; medians of`,
    `${ROUNDS} rounds. CPU in µs per page, in total and by process; then, of 1000 pages, how many each layer answered.`,
    '',
    `| ${heads.join(' | ')} |`,
    `| --- |${' ---: |'.repeat(heads.length - 1)}`,
    ...rows,
  ].join('\n');
  const before = readFileSync(page, 'utf8');
  const [start, end] = [before.indexOf(BEGIN) + BEGIN.length, before.indexOf(END)];
  await writeFormatted(page, `${before.slice(0, start)}\n\n${text}\n\n${before.slice(end)}`);
}

function tell(name: string, rounds: Measured[]): Figures[number] {
  const middle = (of: (measured: Measured) => number) => median(rounds.map(of));
  const of = (key: 'parts' | 'answered') =>
    Object.keys(rounds[0]![key])
      .map((part) => `${part} ${middle((one) => one[key][part]!).toFixed(0)}`)
      .join(', ');
  const cpu = spread(
    rounds.map(({ cpuPerPage }) => cpuPerPage),
    0,
  );
  const figure = `${cpu} µs CPU (${of('parts')}); of 1000 pages: ${of('answered')}; p95 ${middle(({ p95 }) => p95).toFixed(1)} ms`;
  console.log(`${name.padEnd(18)} ${figure}`);
  return [`a page: ${name}`, figure];
}

function cpuOf(gateway: ShopApp, catalogs: ShopApp[], stores: Stores): Record<string, number> {
  const catalog = catalogs.reduce((sum, { pid }) => sum + cpuMicros(pid), 0);
  return { gateway: cpuMicros(gateway.pid), catalog, postgres: stores.postgresCpu(), redis: stores.redisCpu() };
}

async function readsOf(catalogs: ShopApp[]): Promise<Record<string, number>> {
  const texts = await Promise.all(catalogs.map(async ({ opsUrl }) => (await fetch(`${opsUrl}/metrics`)).text()));
  const sum = (layer: string) => {
    const pattern = new RegExp(`^catalog_reads_total\\{.*layer="${layer}".*\\} (\\d+)`, 'gm');
    return texts.flatMap((text) => [...text.matchAll(pattern)]).reduce((all, [, count]) => all + Number(count), 0);
  };
  return Object.fromEntries(layers.map((layer) => [layer, sum(layer)]));
}
