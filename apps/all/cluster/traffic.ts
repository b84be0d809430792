// Visitors who keep coming at a constant rate while something happens to the shop.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { findK6 } from '@shop/tools/load/k6-program';
import { runK6, type Summary } from '@shop/tools/load/run-k6';
import type { ClusterShop } from './cluster-shop.js';

export interface TrafficOptions {
  flow?: string;
  load?: string;
  /** Actions a second. */
  rate: number;
  seconds: number;
  patience?: number;
}

/** Has visitors come, does `work` once they do, and answers what they saw when the last one has left. */
export async function during(shop: ClusterShop, options: TrafficOptions, work: () => Promise<void>): Promise<Summary> {
  const { flow = 'mixed', load = 'steady', rate, seconds, patience = 10 } = options;
  const dir = await mkdtemp(join(tmpdir(), 'shop-traffic-'));
  try {
    const env = { TARGET: shop.url, LOAD: load, RATE: `${rate}`, DURATION: `${seconds}s`, PATIENCE: `${patience}` };
    let ended = false;
    const k6 = runK6({ program: await findK6(), flow, env, dir }).finally(() => (ended = true));
    await underWay(shop, rate);
    await work();
    if (ended) throw new Error(`${seconds} s were too short for what was done meanwhile: ${(await k6).output}`);
    const { summary, output } = await k6;
    if (!summary) throw new Error(output);
    console.log(output);
    return summary;
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

/** Before the first visitor comes, k6 makes customers, which takes as long as it takes. */
async function underWay(shop: ClusterShop, rate: number): Promise<void> {
  const LOOK_MS = 2000;
  for (let before = await shop.visits(), tries = 0; tries < 60; tries++) {
    await sleep(LOOK_MS);
    const now = await shop.visits();
    if (now - before > (rate * LOOK_MS) / 1000 / 2) return;
    before = now;
  }
  throw new Error('the load did not begin');
}

/** What went wrong for visitors; nothing, if all is well. */
export function failures({ flows, rateLimited }: Summary): string[] {
  const wrong = Object.entries(flows).flatMap(([name, { failed, right, count }]) => [
    ...(failed > 0 ? [`${name}: ${Math.round(failed * count)} of ${count} requests failed`] : []),
    ...(right < 1 ? [`${name}: ${((1 - right) * 100).toFixed(2)} % of the answers were wrong`] : []),
  ]);
  return rateLimited > 0 ? [...wrong, `${rateLimited} were told to come later`] : wrong;
}
