// k6's options from LOAD, RATE, DURATION and the flows of a script.
import type { Options, Scenario, Threshold } from 'k6/options';
import { droppedBudget, errorBudget, limits, paidWithin, type FlowName } from './limits.ts';
import { breakpoint } from './loads/breakpoint.ts';
import type { Load } from './loads/load.ts';
import { ramp } from './loads/ramp.ts';
import { smoke } from './loads/smoke.ts';
import { soak } from './loads/soak.ts';
import { spike } from './loads/spike.ts';
import { steady } from './loads/steady.ts';

const loads: Record<string, Load> = { smoke, steady, ramp, spike, soak, breakpoint };

/** The share of each flow in all actions. A script exports a function named after each flow. */
export type Weights = Partial<Record<FlowName, number>>;

export const loadName = __ENV['LOAD'] || 'smoke';
const load = loads[loadName];
if (!load) throw new Error(`There is no load "${loadName}". There are: ${Object.keys(loads).join(', ')}.`);
export const rate = Number(__ENV['RATE'] || load.rate);
export const seconds = secondsOf(__ENV['DURATION']) ?? load.seconds;
export const { untilFailure = false } = load;
/** Factor on the allowed durations. */
const patience = Number(__ENV['PATIENCE'] || load.patience || 1);

export function optionsFor(weights: Weights): Options {
  const flows = Object.entries(weights) as [FlowName, number][];
  const sum = flows.reduce((all, [, weight]) => all + weight, 0);
  const scenarios = flows.map(([flow, weight]) => [flow, scenario(flow, (rate * weight) / sum, load!)] as const);
  return {
    scenarios: Object.fromEntries(scenarios),
    thresholds: Object.assign({}, ...flows.map(([flow, weight]) => thresholds(flow, weight / sum))),
    summaryTrendStats: ['count', 'avg', 'med', 'p(95)', 'p(99)', 'max'],
    // Few tags keep k6's own CPU low; results are evaluated by flow and route.
    systemTags: ['name', 'scenario', 'status', 'error_code'],
    setupTimeout: '2m',
    userAgent: 'shop-loadtest',
  };
}

function scenario(flow: FlowName, perSecond: number, { from, stages, atLeast = 0 }: Load): Scenario {
  const { takes, p99 } = limits[flow];
  const height = Math.max(perSecond, atLeast / seconds);
  // Per minute, because k6 takes integers and some flows are rare.
  const perMinute = (part: number) => Math.round(height * part * 60);
  return {
    executor: 'ramping-arrival-rate',
    exec: flow,
    timeUnit: '1m',
    startRate: perMinute(from),
    stages: stages.map(([time, part]) => ({ duration: `${Math.round(time * seconds)}s`, target: perMinute(part) })),
    preAllocatedVUs: Math.ceil(height * takes * 2) + 1,
    maxVUs: Math.ceil(height * (takes + (4 * patience * p99) / 1000)) + 10,
    gracefulStop: '20s',
  };
}

function thresholds(flow: FlowName, weight: number): Record<string, Threshold[]> {
  const must = (...conditions: string[]): Threshold[] =>
    conditions.map((threshold) => ({ threshold, abortOnFail: untilFailure, delayAbortEval: '10s' }));
  const times = ({ p95, p99 }: { p95: number; p99: number }) =>
    must(`p(95)<${p95 * patience}`, `p(99)<${p99 * patience}`);
  const dropped = Math.ceil(rate * weight * seconds * droppedBudget * patience);
  return {
    [`http_req_duration{flow:${flow}}`]: times(limits[flow]),
    [`http_req_failed{flow:${flow}}`]: must(`rate<=${errorBudget}`),
    [`checks{flow:${flow}}`]: must(`rate>=${1 - errorBudget}`),
    [`dropped_iterations{scenario:${flow}}`]: must(`count<=${dropped}`),
    ...(flow === 'order' ? { order_paid: times(paidWithin) } : {}),
  };
}

/** `90`, `90s`, `5m`, `2h`. */
function secondsOf(text: string | undefined): number | undefined {
  if (!text) return undefined;
  const [, amount, unit = 's'] = /^(\d+)([smh]?)$/.exec(text) ?? [];
  if (!amount) throw new Error(`DURATION=${text} is not a duration such as 30s, 5m or 2h.`);
  return Number(amount) * { s: 1, m: 60, h: 3600 }[unit || 's']!;
}
