// A spike makes more pods, which get their share; when it is over they go again. Written down as a picture.
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { overTime } from '@shop/tools/cluster/points';
import { timeline } from '@shop/tools/cluster/timeline';
import { root } from '@shop/tools/data-dir';
import { findK6 } from '@shop/tools/load/k6-program';
import { runK6 } from '@shop/tools/load/run-k6';
import { expect, inject, test } from 'vitest';
import { ClusterShop } from './cluster-shop.js';
import { note } from './notes.js';
import { startObserver, unevenness } from './observer.js';

const { namespace, url, tag } = inject('shop');
const shop = new ClusterShop(namespace, url);
const SECONDS = 300;
const RATE = 80;
const MIN = 2;
const WANTED = 4;
const scaled = ['gateway', 'catalog'];

test(
  'a spike is answered by more pods of gateway and catalog, which share it evenly',
  { timeout: 900_000 },
  async () => {
    const observer = await startObserver(shop, tag);
    const dir = await mkdtemp(join(tmpdir(), 'shop-scaling-'));
    const env = { TARGET: url, LOAD: 'spike', RATE: `${RATE}`, DURATION: `${SECONDS}s`, PATIENCE: '20' };
    const replicas: Record<string, [number, number][]> = Object.fromEntries(scaled.map((name) => [name, []]));
    let over = false;
    const watch = (async () => {
      while (!over) {
        for (const name of scaled) replicas[name]!.push([Date.now() / 1000, (await shop.pods(name)).length]);
        await sleep(2000);
      }
    })();
    try {
      const k6 = runK6({ program: await findK6(), flow: 'search', env, dir, points: true });
      const enough = () => scaled.every((name) => (replicas[name]!.at(-1)?.[1] ?? 0) >= WANTED);
      await expect.poll(enough, { timeout: 300_000, interval: 500 }).toBe(true);
      const enoughAt = Date.now() / 1000;
      await sleep(10_000);
      const shares: Record<string, number[]> = {};
      const counters = { gateway: 'http_requests_total', catalog: 'rpc_server_requests_total' };
      await Promise.all(
        Object.entries(counters).map(async ([name, counter]) => {
          shares[name] = await observer.increases(name, counter, () => sleep(20_000));
        }),
      );
      const { summary, output } = await k6;
      if (!summary) throw new Error(output);
      const few = () => scaled.every((name) => replicas[name]!.at(-1)![1] === MIN);
      await expect.poll(few, { timeout: 300_000, interval: 1000 }).toBe(true);
      const { startedAt, rate, p95 } = await overTime(join(dir, 'points.csv'));
      const since = (line: [number, number][]) =>
        line.map(([at, value]): [number, number] => [Math.max(0, at - startedAt), value]);
      await mkdir(join(root, 'loadtest/results'), { recursive: true });
      await writeFile(
        join(root, 'loadtest/results/cluster-autoscaling.svg'),
        timeline(
          [
            {
              title: 'pods that are ready',
              lines: Object.fromEntries(scaled.map((name) => [name, since(replicas[name]!)])),
            },
            { title: 'requests a second', lines: { requests: rate } },
            { title: '95 % answered within, ms', lines: { p95 } },
          ],
          { spike: 0.3 * SECONDS, 'spike over': 0.6 * SECONDS },
        ),
      );
      const spikeAt = 0.3 * SECONDS;
      const settled = p95.filter(([second]) => second > enoughAt - startedAt + 10 && second < 0.6 * SECONDS);
      const failed = Object.values(summary.flows).reduce((sum, flow) => sum + flow.failed * flow.count, 0);
      note('scaling', {
        'seconds from the spike to 4 pods of each': Math.round(enoughAt - startedAt - spikeAt),
        'most pods': Object.fromEntries(scaled.map((name) => [name, Math.max(...replicas[name]!.map(([, n]) => n))])),
        'requests per pod in 20 s': shares,
        'p95 after that, ms': settled.map(([, ms]) => Math.round(ms)),
        'requests failed': `${Math.round(failed)} of ${summary.requests}`,
      });
      for (const counts of Object.values(shares)) {
        expect(counts.length).toBeGreaterThanOrEqual(WANTED);
        expect(unevenness(counts)).toBeLessThan(0.25);
      }
      expect(failed).toBe(0);
    } finally {
      over = true;
      await watch;
      await observer.stop();
      await rm(dir, { recursive: true, force: true });
    }
  },
);
