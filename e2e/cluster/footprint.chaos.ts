// Memory and start-up time of pods.
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { ClusterShop, services } from '../cluster.js';
import { note } from './notes.js';
import { during } from './traffic.js';

const shop = new ClusterShop(inject('shop'));
const ours = services.filter((name) => name !== 'edge');

async function memory(): Promise<Record<string, number>> {
  const most = await Promise.all(ours.map(async (name) => [name, Math.max(...(await shop.memory(name)))] as const));
  return Object.fromEntries(most);
}

describe('a pod', () => {
  test('uses at most 90 MiB after its start, and 160 MiB after a minute of load', async () => {
    await shop.kubectl('rollout', 'restart', ...services.map((name) => `deploy/${name}`));
    await shop.rolledOut(...services);
    const idle = await memory();
    await during(shop, { rate: 20 }, () => sleep(60_000));
    const afterwards = await memory();
    note('memory of the largest pod, MiB', { idle, 'after a minute of load': afterwards });
    for (const name of ours) expect(idle[name], name).toBeLessThanOrEqual(90);
    for (const name of ours) expect(afterwards[name], name).toBeLessThanOrEqual(160);
  });
});

describe('a pod without the low CPU limits of the other tests', () => {
  // A fixed number, so that no autoscaler removes a measured pod.
  const settings = (name: string) =>
    ['limits.cpu=2', 'replicas.min=2', 'replicas.max=2'].map((set) => `${name}.${set}`);
  beforeAll(async () => {
    await shop.upgrade(ours.flatMap(settings));
    await sleep(30_000); // until those that were there before have gone
  }, 300_000);
  afterAll(() => shop.upgrade(), 300_000);

  test('is ready two seconds after its container starts', async () => {
    const starts: Record<string, Start[]> = Object.fromEntries(ours.map((name) => [name, []]));
    for (let round = 0; round < 3; round++) for (const name of ours) starts[name]!.push(await restarted(name));
    const figures = (of: (start: Start) => number) =>
      Object.fromEntries(ours.map((name) => [name, starts[name]!.map(of)]));
    note(
      'seconds from the start of a container until its service was ready',
      figures(({ ready }) => ready),
    );
    // Kubernetes probes once a second.
    note(
      'and until Kubernetes had noticed',
      figures(({ noticed }) => noticed),
    );
    for (const name of ours) expect(Math.min(...starts[name]!.map(({ ready }) => ready)), name).toBeLessThanOrEqual(2);
  });
});

/** Both in seconds since the start of the container's first process. */
interface Start {
  ready: number;
  noticed: number;
}

/** Deletes a pod and waits for its replacement. */
async function restarted(service: string): Promise<Start> {
  const before = new Set(await shop.pods(service));
  const columns = 'NAME:.metadata.name,READY:.status.conditions[?(@.type=="Ready")].status';
  const which = ['-l', `app.kubernetes.io/name=${service}`, '-o', `custom-columns=${columns}`];
  const watch = spawn('kubectl', ['-n', shop.namespace, 'get', 'pods', '--watch', '--no-headers', ...which], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  try {
    const next = firstReady(createInterface({ input: watch.stdout }), before);
    await shop.kubectl('delete', 'pod', [...before][0]!, '--wait=false');
    const { name, readyAt } = await next;
    const startedAt = Number(await shop.inside(name, STARTED_AT));
    // The old pod must be gone, because stopping it takes CPU.
    await shop.kubectl('wait', '--for=delete', `pod/${[...before][0]!}`, '--timeout=60s');
    return { ready: await saidReadyAfter(name), noticed: Math.round(readyAt - startedAt) / 1000 };
  } finally {
    watch.kill();
  }
}

async function firstReady(
  lines: AsyncIterable<string>,
  known: ReadonlySet<string>,
): Promise<{ name: string; readyAt: number }> {
  for await (const line of lines) {
    const [name, ready] = line.split(/\s+/);
    if (name && ready === 'True' && !known.has(name)) return { name, readyAt: Date.now() };
  }
  throw new Error('the watch ended');
}

/** According to its log. */
async function saidReadyAfter(pod: string): Promise<number> {
  const log = await shop.kubectl('logs', pod);
  return Number(/"sinceStartMs":(\d+),"msg":"ready"/.exec(log)?.[1]) / 1000;
}

/** Start time of the container's first process, in milliseconds since 1970. */
const STARTED_AT = `
  import { readFileSync } from 'node:fs';
  const ticks = Number(readFileSync('/proc/1/stat', 'utf8').replace(/^.*\\) /s, '').split(' ')[19]);
  const uptime = Number(readFileSync('/proc/uptime', 'utf8').split(' ')[0]);
  console.log(Math.round(Date.now() - (uptime - ticks / 100) * 1000));`;
