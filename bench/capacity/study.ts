// Finds the saturation point of 1, 2, 4 and 8 replicas.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Stores } from '../suites/checkout-shop.ts';
import type { NginxProgram } from '@shop/tools/edge/nginx-program';
import type { K6Program } from '@shop/tools/load/k6-program';
import { step } from '@shop/tools/terminal';
import { startCappedShop } from './capped-shop.ts';
import { findSaturationPoint } from './saturation.ts';
import { tryRate, warmUp, type Step } from './steps.ts';
import type { Subject } from './subjects.ts';

export interface Point {
  replicas: number;
  /** The highest number of actions per second within the thresholds. */
  saturationPoint: number;
  /** The lowest rate beyond the thresholds; null when the time was over before one was found. */
  tooMuch: number | null;
  /** Measured at the saturation point. */
  at: Step;
  tried: { rate: number; carried: boolean; p95: number; machineBusy: number }[];
}

export interface StudyOptions {
  subject: Subject;
  counts: number[];
  stores: Stores;
  nginx: NginxProgram;
  k6: K6Program;
  dir: string;
  cores: number;
  stepSeconds: number;
  /** The study must end by this time, as of performance.now(). */
  endsAt: number;
  signal: AbortSignal;
}

/** Precision of the saturation point, and the strides of the search. */
const RESOLUTION = 1.05;
const FIRST_STRIDE = 1.5;
const LATER_STRIDE = 1.12;

export async function study(options: StudyOptions): Promise<Point[]> {
  const points: Point[] = [];
  for (const [i, replicas] of options.counts.entries()) {
    // The remaining time is divided evenly among the remaining numbers of replicas.
    const share = (options.endsAt - performance.now()) / (options.counts.length - i);
    const before = points.at(-1);
    // Ideally, throughput grows with the number of replicas.
    const first = before ? (before.saturationPoint * replicas) / before.replicas : options.subject.first * replicas;
    const point = await pointOf(options, {
      replicas,
      first,
      known: before !== undefined,
      endsAt: performance.now() + share,
    });
    if (point) points.push(point);
  }
  return points;
}

interface PointOptions {
  replicas: number;
  first: number;
  known: boolean;
  endsAt: number;
}

/** Undefined when no rate was carried, because the machine is too busy for a result. */
async function pointOf(
  options: StudyOptions,
  { replicas, first, known, endsAt }: PointOptions,
): Promise<Point | undefined> {
  const { subject, stores, nginx, k6, signal, cores, stepSeconds } = options;
  const dir = join(options.dir, `${subject.name}-${replicas}`);
  mkdirSync(dir);
  const shop = await step(`${subject.name}: starting ${replicas} of each`, () =>
    startCappedShop({ subject, replicas, stores, program: nginx, dir }, cores),
  );
  try {
    const stepOptions = { subject, shop, k6, dir, seconds: stepSeconds, signal };
    await step('Warming up', () => warmUp(stepOptions, replicas));
    shop.cap();
    // Compilation and garbage collection that began at full speed finish under the cap.
    await step('Settling', () => tryRate(first / 2, stepOptions));
    const tried: Step[] = [];
    const once = async (rate: number) => {
      const result = await tryRate(rate, stepOptions);
      tried.push(result);
      tell(result);
      return result.carried;
    };
    // A rate counts as too much after a second failure: on a busy machine a step may fail by chance.
    const carries = async (rate: number) => (await once(rate)) || (await once(rate));
    const stride = known ? LATER_STRIDE : FIRST_STRIDE;
    const search = { first, stride, resolution: RESOLUTION, endsAt };
    const { carried: saturationPoint, tooMuch } = await findSaturationPoint(carries, search);
    const at = tried.findLast((one) => one.carried && one.rate === saturationPoint);
    if (!at) return void console.log(`  Left out: ${replicas} of each carried none of the rates.`);
    return {
      ...{ replicas, saturationPoint, tooMuch: tooMuch === Infinity ? null : tooMuch, at },
      tried: tried.map(({ rate, carried, p95, machineBusy }) => ({ rate, carried, p95, machineBusy })),
    };
  } finally {
    await shop.stop();
  }
}

function tell({ rate, carried, crossed, p95, p99, machineBusy }: Step): void {
  const verdict = carried ? '✓' : `✗ ${crossed.map((name) => name.replace(/\{.*?\}/, '')).join(', ')}`;
  const times = `95 % ${p95.toFixed(0)} ms, 99 % ${p99.toFixed(0)} ms`;
  console.log(`  ${rate.toFixed(1).padStart(8)}/s  ${times}, machine ${(machineBusy * 100).toFixed(0)} %  ${verdict}`);
}
