// Load at a constant rate while something happens to the shop.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { findK6 } from '@shop/tools/load/k6-program';
import { runK6, type Summary } from '@shop/tools/load/run-k6';
import { expect, inject } from 'vitest';
import type { ClusterShop } from '../cluster.js';
import { note } from './notes.js';

/** The longest duration of the load. */
const LONGEST_SECONDS = 900;
/** Time before a change in which pods of the previous change warm up. */
const BEFORE_MS = 15_000;
/** Time after a change in which its late effects show. */
const AFTERWARDS_MS = 5000;

export interface TrafficOptions {
  flow?: string;
  load?: string;
  /** Actions per second; CLUSTER_RATE by default. */
  rate?: number;
  patience?: number;
}

/** Runs `work` under load, and returns the summary of the load until shortly after. */
export async function during(
  shop: ClusterShop,
  options: TrafficOptions,
  work: () => Promise<unknown>,
): Promise<Summary> {
  const { flow = 'mixed', load = 'steady', rate = inject('rate'), patience = 10 } = options;
  const dir = await mkdtemp(join(tmpdir(), 'shop-traffic-'));
  const done = new AbortController();
  try {
    const env = { TARGET: shop.url, LOAD: load, RATE: `${rate}`, PATIENCE: `${patience}` };
    let ended = false;
    const k6 = runK6({
      program: await findK6(),
      flow,
      env: { ...env, DURATION: `${LONGEST_SECONDS}s` },
      dir,
      signal: done.signal,
    }).finally(() => (ended = true));
    await underWay(shop, rate);
    await work();
    await sleep(AFTERWARDS_MS);
    if (ended) throw new Error(`the load ended before what was done meanwhile: ${(await k6).output}`);
    done.abort();
    const { summary, output } = await k6;
    if (!summary) throw new Error(output);
    console.log(output);
    return summary;
  } finally {
    done.abort();
    await rm(dir, { recursive: true, force: true });
  }
}

/** Waits until the load has started; before that, k6 registers customers. */
async function underWay(shop: ClusterShop, rate: number): Promise<void> {
  const LOOK_MS = 2000;
  for (let before = await shop.visits(), tries = 0; tries < 60; tries++) {
    await sleep(LOOK_MS);
    const now = await shop.visits();
    if (now - before > (rate * LOOK_MS) / 1000 / 2) return;
    before = now;
  }
  throw new Error('the load did not start');
}

/** The failures of a summary, in words; empty if there are none. */
export function failures({ flows, rateLimited, crossed }: Summary): string[] {
  const wrong = Object.entries(flows).flatMap(([name, { failed, right, count }]) => [
    ...(failed > 0 ? [`${name}: ${Math.round(failed * count)} of ${count} requests failed`] : []),
    ...(right < 1 ? [`${name}: ${((1 - right) * 100).toFixed(2)} % of the answers were wrong`] : []),
  ]);
  return [...wrong, ...crossed, ...(rateLimited > 0 ? [`${rateLimited} requests were rate limited`] : [])];
}

/** Expects that no request fails during `change`; notes the figures under `what`. */
export async function noRequestFails(
  shop: ClusterShop,
  what: string,
  change: () => Promise<unknown>,
  rate = inject('rate'),
): Promise<void> {
  const seen = await during(shop, { rate }, async () => {
    await sleep(BEFORE_MS);
    await change();
  });
  note(what, { 'actions a second': rate, ...figuresOf(seen) });
  expect(failures(seen)).toEqual([]);
}

function figuresOf({ requests, flows }: Summary): Record<string, unknown> {
  const failed = Object.values(flows).reduce((sum, flow) => sum + flow.failed * flow.count, 0);
  const times = Object.values(flows).map(({ p99 }) => p99);
  return { requests, failed: Math.round(failed), 'slowest flow’s p99, ms': Math.round(Math.max(...times)) };
}
