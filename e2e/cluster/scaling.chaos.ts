// A load spike adds pods, which get their share, and its end removes them. Drawn as a timeline.
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { overTime, type Over } from './points.ts';
import { timeline } from './timeline.ts';
import { root } from '@shop/tools/data-dir';
import { median } from '@shop/bench/suites/statistics';
import { findK6 } from '@shop/tools/load/k6-program';
import { runK6, type Summary } from '@shop/tools/load/run-k6';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { ClusterShop } from '../cluster.js';
import { note } from './notes.js';
import { startObserver, unevenness, type Observer } from './observer.js';

const shop = new ClusterShop(inject('shop'));
const SECONDS = 300;
/** As in loadtest/loads/spike.ts. */
const [SPIKE_AT, OVER_AT] = [0.3 * SECONDS, 0.6 * SECONDS];
/** Searches per second during the spike; a tenth of it before and after. */
const RATE = 80;
const MIN = 2;
const WANTED = 4;
/** From loadtest/limits.ts: the 95th percentile of searches under normal load. */
const P95_MS = 150;
/** Share of all requests: at the beginning of the spike, too few pods may refuse some. */
const FAILED_AT_MOST = 0.001;
const counters = { gateway: 'http_requests_total', catalog: 'rpc_server_requests_total' };
const scaled = Object.keys(counters);
/** CPU limits so low that two pods cannot take the load of four. */
const SIZES = scaled.flatMap((name) => [`${name}.requests.cpu=50m`, `${name}.limits.cpu=300m`]);
beforeAll(() => shop.upgrade(SIZES), 300_000);
afterAll(() => shop.upgrade(), 300_000);

type Line = [second: number, value: number][];

/** Samples the number of ready pods every two seconds. */
class Watch {
  readonly replicas: Record<string, Line> = {};
  private over = false;
  private readonly watching = this.look();

  now(name: string): number {
    return this.replicas[name]?.at(-1)?.[1] ?? 0;
  }

  most(name: string): number {
    return Math.max(...this.replicas[name]!.map(([, count]) => count));
  }

  stop(): Promise<void> {
    this.over = true;
    return this.watching;
  }

  private async look(): Promise<void> {
    while (!this.over) {
      for (const name of scaled) (this.replicas[name] ??= []).push([Date.now() / 1000, (await shop.pods(name)).length]);
      await sleep(2000);
    }
  }
}

/** Requests per pod in 20 s, ten seconds after there were enough pods. */
async function sharesOf(observer: Observer): Promise<Record<string, number[]>> {
  await sleep(10_000);
  const of = async ([name, counter]: [string, string]) =>
    [name, await observer.increases(name, counter, () => sleep(20_000))] as const;
  return Object.fromEntries(await Promise.all(Object.entries(counters).map(of)));
}

async function draw({ startedAt, rate, p95 }: Over, replicas: Record<string, Line>): Promise<void> {
  const since = (line: Line): Line => line.map(([at, value]) => [Math.max(0, at - startedAt), value]);
  const pods = Object.fromEntries(Object.entries(replicas).map(([name, line]) => [name, since(line)]));
  const panels = [
    { title: 'pods that are ready', lines: pods },
    { title: 'requests a second', lines: { requests: rate } },
    { title: '95 % answered within, ms', lines: { p95 } },
  ];
  const folder = join(root, 'bench', 'results');
  await mkdir(folder, { recursive: true });
  const chart = timeline(panels, { spike: SPIKE_AT, 'spike over': OVER_AT });
  await writeFile(join(folder, 'cluster-autoscaling.svg'), chart);
}

const failed = ({ flows }: Summary) =>
  Math.round(Object.values(flows).reduce((sum, flow) => sum + flow.failed * flow.count, 0));

test('a spike adds pods of gateway and catalog, which share the load evenly', { timeout: 900_000 }, async () => {
  const observer = await startObserver(shop);
  const dir = await mkdtemp(join(tmpdir(), 'shop-scaling-'));
  const env = { TARGET: shop.url, LOAD: 'spike', RATE: `${RATE}`, DURATION: `${SECONDS}s`, PATIENCE: '20' };
  const quiet = new Watch();
  const few = (watch: Watch) => () => scaled.every((name) => watch.now(name) === MIN);
  await expect.poll(few(quiet), { timeout: 300_000, interval: 1000 }).toBe(true);
  await quiet.stop();
  const watch = new Watch();
  try {
    const k6 = runK6({ program: await findK6(), flow: 'search', env, dir, points: true });
    const enough = () => scaled.every((name) => watch.now(name) >= WANTED);
    await expect.poll(enough, { timeout: 300_000, interval: 500 }).toBe(true);
    const enoughAt = Date.now() / 1000;
    const shares = await sharesOf(observer);
    const { summary, output } = await k6;
    if (!summary) throw new Error(output);
    const endedAt = Date.now() / 1000;
    await expect.poll(few(watch), { timeout: 300_000, interval: 1000 }).toBe(true);
    const over = await overTime(join(dir, 'points.csv'));
    await draw(over, watch.replicas);
    const after = (second: number) => over.p95.filter(([at]) => at >= second && at < OVER_AT).map(([, ms]) => ms);
    const settled = after(enoughAt - over.startedAt + 10);
    note('a spike', {
      'searches a second, before and during': [RATE / 10, RATE],
      'seconds from the spike to 4 pods of each': Math.round(enoughAt - over.startedAt - SPIKE_AT),
      'most pods': Object.fromEntries(scaled.map((name) => [name, watch.most(name)])),
      'requests per pod in 20 s, 10 s later': shares,
      '95 % within ms, as the spike began': Math.round(Math.max(...after(SPIKE_AT))),
      '95 % within ms, from 10 s after there were 4': settled.map(Math.round),
      'seconds from the end to two pods of each': Math.round(Date.now() / 1000 - endedAt + SECONDS - OVER_AT),
      requests: summary.requests,
      failed: failed(summary),
    });
    for (const counts of Object.values(shares)) {
      expect(counts.length).toBeGreaterThanOrEqual(WANTED);
      expect(unevenness(counts)).toBeLessThan(0.25);
    }
    expect(failed(summary) / summary.requests).toBeLessThan(FAILED_AT_MOST);
    expect(median(settled)).toBeLessThan(P95_MS);
  } finally {
    await watch.stop();
    await observer.stop();
    await rm(dir, { recursive: true, force: true });
  }
});
