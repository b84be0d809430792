// npm run capacity: finds the throughput of 1, 2, 4 and 8 replicas, each with a small part of a core.
import { globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { startStoresFor } from './suites/checkout-shop.ts';
import { capsOf } from './capacity/capped-shop.ts';
import { checkCapping } from './capacity/cpu-cap.ts';
import { planTable } from './capacity/plan.ts';
import { report } from './capacity/report.ts';
import type { Result } from './capacity/result.ts';
import { scaleCurve } from './capacity/scale-curve.ts';
import { study } from './capacity/study.ts';
import { subjects } from './capacity/subjects.ts';
import { root } from '@shop/tools/data-dir';
import { findNginx } from '@shop/tools/edge/nginx-program';
import { main } from '@shop/tools/interrupt';
import { findK6 } from '@shop/tools/load/k6-program';
import { commit, machine } from '@shop/tools/machine';
import { build } from '@shop/tools/nx';
import { run } from '@shop/tools/processes';
import { Failure, parseOptions, step } from '@shop/tools/terminal';
import { writeFormatted } from '@shop/tools/write-formatted';

const usage =
  'npm run capacity -- [--only browse|checkout] [--replicas 1,2,4,8] [--minutes 19] [--step-seconds 10] [--no-build] [--plan PAGES,ORDERS]';
const results = join(root, 'bench', 'results');
/** The part of all cores that replicas may use; the rest is for the load generator and the stores. */
const MAX_CAPPED = 0.6;

await main(async ({ asked }) => {
  const options = parseOptions(usage, {
    only: { type: 'string' },
    replicas: { type: 'string', default: '1,2,4,8' },
    minutes: { type: 'string', default: '19' },
    'step-seconds': { type: 'string', default: '10' },
    'no-build': { type: 'boolean' },
    plan: { type: 'string' },
  });
  if (options.plan !== undefined) return plan(options.plan);
  const startedAt = performance.now();
  const endsAt = startedAt + numberOf('minutes', options.minutes) * 60_000;
  const counts = options.replicas.split(',').map((count) => numberOf('replicas', count));
  const chosen = subjects.filter(({ name }) => options.only === undefined || name === options.only);
  if (chosen.length === 0) throw new Failure(`There is no "${options.only}". There are: browse, checkout.`);
  const cores = availableParallelism();
  for (const subject of chosen) {
    const sum = capsOf(subject, cores).reduce((all, [, cap]) => all + cap, 0) * Math.max(...counts);
    if (sum > MAX_CAPPED * cores)
      throw new Failure(`${subject.name}: the replicas would need ${sum} of ${cores} cores.`);
  }
  checkCapping();
  const [nginx, k6] = [await findNginx(), await findK6()];
  if (!options['no-build']) await build({ signal: asked });
  const loadAverageBefore = loadavg()[0]!;
  const dir = mkdtempSync(join(tmpdir(), 'shop-capacity-'));
  const stores = await step('Starting Postgres and Redis', () => startStoresFor(dir));
  const measured: Result['subjects'] = [];
  try {
    for (const [i, subject] of chosen.entries()) {
      const until = performance.now() + (endsAt - performance.now()) / (chosen.length - i);
      const stepSeconds = numberOf('step-seconds', options['step-seconds']);
      const shared = { stores, nginx, k6, dir, cores, stepSeconds, signal: asked };
      const points = await study({ ...shared, subject, counts, endsAt: until });
      const caps = Object.fromEntries(capsOf(subject, cores));
      if (points.length > 0) measured.push({ name: subject.name, action: subject.action, caps, points });
    }
  } finally {
    await stores.stop();
    rmSync(dir, { recursive: true, force: true });
  }
  if (measured.length === 0) throw new Failure('No rate was carried: the machine is too busy.');
  const result: Result = {
    ...{ date: new Date().toISOString().slice(0, 10), machine: machine(), commit: await commit() },
    versions: await versions(),
    ...{ loadAverageBefore, minutes: (performance.now() - startedAt) / 60_000, subjects: measured },
  };
  await write(result);
  return 0;
});

async function write(result: Result): Promise<void> {
  const name = `${cpus().length}x-${cpus()[0]!.model}`
    .toLowerCase()
    .replace(/[^a-z\d]+/g, '-')
    .replace(/^-|-$/g, '');
  const files = { data: `${result.date}-${name}.json`, curve: 'scale.svg' };
  mkdirSync(results, { recursive: true });
  await writeFormatted(join(results, files.data), JSON.stringify(result));
  writeFileSync(join(results, files.curve), scaleCurve(result));
  const text = report(result, files);
  await writeFormatted(join(results, 'capacity.md'), text);
  console.log(`\n${text}\nbench/results: capacity.md, ${files.curve}, ${files.data}`);
}

function plan(text: string): number {
  const [pages = NaN, orders = NaN] = text.split(',').map(Number);
  if (!(pages >= 0 && orders >= 0)) throw new Failure('--plan takes two numbers: pages per second, orders per second.');
  const last = globSync('[0-9]*.json', { cwd: results }).sort().at(-1);
  if (!last) throw new Failure('There is no result yet. Run npm run capacity first.');
  const result = JSON.parse(readFileSync(join(results, last), 'utf8')) as Result;
  console.log(`From ${last}; busy cores → replicas with one core each, at 60 % utilisation:\n`);
  console.log(planTable(result, [[pages, orders]]).join('\n'));
  return 0;
}

async function versions(): Promise<Record<string, string>> {
  const first = async (command: string[], pattern: RegExp) => pattern.exec((await run(command)).output)?.[1];
  const entries = Object.entries({
    k6: await first(['k6', 'version'], /k6 v([\d.]+)/),
    nginx: await first(['nginx', '-v'], /nginx\/([\d.]+)/),
  });
  return Object.fromEntries(entries.filter((entry): entry is [string, string] => entry[1] !== undefined));
}

function numberOf(option: string, text: string): number {
  const number = Number(text);
  if (number > 0) return number;
  throw new Failure(`--${option} ${text} is not a number above 0. Usage: ${usage}`);
}
