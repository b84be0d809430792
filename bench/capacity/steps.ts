// One step of the search: the load test at one rate, with the CPU used meanwhile.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { endedChildrenMicros } from '../suites/process-cpu.ts';
import { withAutocannon } from '../suites/http-load.ts';
import { runK6, type Summary } from '@shop/tools/load/run-k6';
import type { K6Program } from '@shop/tools/load/k6-program';
import { until } from '@shop/tools/processes';
import type { ServiceName } from '@shop/tools/services';
import type { CappedShop } from './capped-shop.ts';
import type { Subject } from './subjects.ts';

export interface Step {
  rate: number;
  /** Whether all thresholds of the load test held; `crossed` lists the others. */
  carried: boolean;
  crossed: string[];
  p95: number;
  p99: number;
  actionsPerSecond: number;
  requestsPerAction: number;
  /** CPU per action in µs, by process. */
  cpuPerAction: Record<string, number>;
  /** The share of each replica in the work of its service. */
  shares: Partial<Record<ServiceName, number[]>>;
  throttled: Partial<Record<ServiceName, number>>;
  /** The part of the machine's CPU in use, including the load generator. */
  machineBusy: number;
}

export interface StepOptions {
  subject: Subject;
  shop: CappedShop;
  k6: K6Program;
  dir: string;
  seconds: number;
  signal: AbortSignal;
}

/** Pause between steps, so that the backlog of an overload does not affect the next step. */
const REST_MS = 1500;
const RECOVERY_MS = 60_000;

export async function tryRate(rate: number, { subject, shop, k6, dir, seconds, signal }: StepOptions): Promise<Step> {
  await until(() => answers(shop.url), RECOVERY_MS, REST_MS / 10);
  await sleep(REST_MS);
  const [workBefore, machineBefore, cpuBefore, ownBefore] = [await shop.work(), machine(), shop.cpu(), k6Cpu()];
  const env = { TARGET: shop.url, LOAD: 'steady', RATE: String(rate), DURATION: `${seconds}s` };
  const { summary, output } = await runK6({ program: k6, flow: subject.flow, env, dir: join(dir, 'k6'), signal });
  signal.throwIfAborted();
  const [machineAfter, cpuAfter, own] = [machine(), shop.cpu(), k6Cpu() - ownBefore];
  if (!summary) throw new Error(`k6 generated no load:\n${output.trim().split('\n').slice(-5).join('\n')}`);
  const { p95, p99 } = summary.flows[subject.flow]!;
  const actions = actionsOf(summary, subject);
  const used = { 'load generator': own, ...differences(cpuAfter, cpuBefore) };
  return {
    rate,
    carried: summary.crossed.length === 0,
    crossed: summary.crossed,
    p95,
    p99,
    actionsPerSecond: actions / summary.seconds,
    requestsPerAction: summary.requests / actions,
    cpuPerAction: Object.fromEntries(Object.entries(used).map(([name, micros]) => [name, micros / actions])),
    shares: sharesOf(workBefore, await shop.work()),
    throttled: shop.throttled(),
    machineBusy: (machineAfter.busy - machineBefore.busy) / (machineAfter.all - machineBefore.all),
  };
}

/** The uncapped warm-up uses this multiple of the expected rate of one replica. */
const WARM_UP_TIMES = 8;
/** Cap on the warm-up, because all replicas share the machine. */
const MAX_WARM_UP_REPLICAS = 4;

/** Lets V8 compile hot code on every replica, which would take minutes with 0.03 of a core. */
export async function warmUp({ subject, shop, k6, dir, signal }: StepOptions, replicas: number): Promise<void> {
  if (subject.flow === 'browse') {
    const list = (await (await fetch(`${shop.url}/api/products?limit=1`)).json()) as { items: { id: string }[] };
    await withAutocannon(`${shop.url}/api/products/${list.items[0]!.id}`, 16, 2 + replicas);
  }
  const rate = subject.first * WARM_UP_TIMES * Math.min(replicas, MAX_WARM_UP_REPLICAS);
  const env = { TARGET: shop.url, LOAD: 'steady', RATE: String(rate), DURATION: `${4 + replicas}s` };
  await runK6({ program: k6, flow: subject.flow, env, dir: join(dir, 'k6'), signal });
  signal.throwIfAborted();
}

const answers = (url: string) =>
  fetch(`${url}/api/products?limit=1`).then(
    async (response) => (await response.text()) !== '' && response.ok,
    () => false,
  );

function actionsOf({ flows, orderPaid }: Summary, { flow }: Subject): number {
  return Math.max(1, flow === 'order' ? (orderPaid?.count ?? 0) : flows[flow]!.count);
}

function differences(after: Record<string, number>, before: Record<string, number>): Record<string, number> {
  return Object.fromEntries(Object.entries(after).map(([name, value]) => [name, value - before[name]!]));
}

type Work = Partial<Record<ServiceName, number[]>>;

function sharesOf(before: Work, after: Work): Work {
  const entries = Object.entries(after) as [ServiceName, number[]][];
  return Object.fromEntries(
    entries.map(([service, counts]) => {
      const done = counts.map((count, i) => count - before[service]![i]!);
      const sum = done.reduce((all, one) => all + one, 0);
      return [service, done.map((one) => one / Math.max(1, sum))];
    }),
  );
}

/** k6 is the only busy child of this process that ends meanwhile. The CPU of a containerised k6 is not counted. */
const k6Cpu = () => endedChildrenMicros(process.pid);

/** CPU time of all cores, in ticks. */
function machine(): { busy: number; all: number } {
  const ticks = readFileSync('/proc/stat', 'utf8').split('\n')[0]!.split(/\s+/).slice(1, 9).map(Number);
  const all = ticks.reduce((sum, value) => sum + value, 0);
  return { busy: all - ticks[3]! - ticks[4]!, all };
}
