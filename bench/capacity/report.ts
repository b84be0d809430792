// The results of a study as a page.
import { periodFor } from './cpu-cap.ts';
import { planTable } from './plan.ts';
import { efficiency, unevenness, type Result } from './result.ts';
import type { Point } from './study.ts';

const CASES = [
  [100, 1],
  [1000, 5],
  [10_000, 50],
] as const;

export function report(result: Result, files: { data: string; curve: string }): string {
  const versions = Object.entries(result.versions).map(([name, version]) => `${name} ${version}`);
  return [
    '# How much can it carry',
    '',
    `Written by \`npm run capacity\` on ${result.date}: ${result.machine}, commit ${result.commit}; ${versions.join(', ')}.`,
    `It took ${result.minutes.toFixed(0)} minutes; load average before it ${result.loadAverageBefore.toFixed(1)}. Every number is in [${files.data}](${files.data}).`,
    '',
    `![Times what one replica carries, over the number of replicas](${files.curve})`,
    '',
    ...result.subjects.flatMap((subject) => [...subjectTables(subject), '']),
    '## What so many need',
    '',
    'Cores that are busy → replicas with a core each, used to 60 %, never fewer than two. Pages are those that no cache in',
    'front answers; the costs are those of one capped replica, which are higher than at full speed.',
    '',
    ...planTable(result, CASES),
    '',
    `Other numbers: \`npm run capacity -- --plan 500,10\`.`,
    '',
    '## How it is measured, and what it does not say',
    '',
    explanation(result),
    '',
  ].join('\n');
}

function subjectTables({ name, action, caps, points }: Result['subjects'][number]): string[] {
  const shares = Object.entries(caps).map(([service, cores]) => `${service} ${cores} of a core`);
  const services = Object.keys(caps);
  const parts = Object.keys(points[0]?.at.cpuPerAction ?? {});
  return [
    `## ${name}: ${action}`,
    '',
    `Each replica has ${shares.join(', ')}.`,
    '',
    `| replicas of each | carried a second | too much | × one | per replica | 95 % | 99 % | shares differ by | shares used up | machine |`,
    '| ---: | ---: | ---: | ---: | ---: | ---: | ---: | --- | --- | ---: |',
    ...points.map((point) => row(point, points, services)),
    '',
    `CPU of ${action.split(',')[0]} at the knee, in ${name === 'browse' ? 'µs' : 'ms'}:`,
    '',
    `| replicas | ${parts.join(' | ')} |`,
    `| ---: | ${parts.map(() => '---:').join(' | ')} |`,
    ...points.map(({ replicas, at }) => {
      const cells = parts.map((part) => {
        const micros = at.cpuPerAction[part]!;
        return name === 'browse' ? micros.toFixed(0) : (micros / 1000).toFixed(2);
      });
      return `| ${replicas} | ${cells.join(' | ')} |`;
    }),
  ];
}

function row(point: Point, points: Point[], services: string[]): string {
  const { replicas, knee, tooMuch, at } = point;
  const each = (values: Partial<Record<string, number | number[]>>, show: (value: number | number[]) => string) =>
    services
      .flatMap((service) => (values[service] === undefined ? [] : [`${service} ${show(values[service]!)}`]))
      .join(', ');
  const cells = [
    replicas,
    knee.toFixed(1),
    tooMuch === null ? 'not found in time' : tooMuch.toFixed(1),
    (efficiency(points, point) * replicas).toFixed(2),
    efficiency(points, point).toFixed(2),
    `${at.p95.toFixed(0)} ms`,
    `${at.p99.toFixed(0)} ms`,
    replicas === 1 ? '–' : each(at.shares, (shares) => percent(unevenness(shares as number[]))),
    each(at.throttled, (part) => percent(part as number)),
    percent(at.machineBusy),
  ];
  return `| ${cells.join(' | ')} |`;
}

const percent = (part: number) => `${(part * 100).toFixed(0)} %`;

function explanation({ subjects }: Result): string {
  const smallest = Math.min(...subjects.flatMap(({ caps }) => Object.values(caps)));
  const periodMs = periodFor(smallest) / 1000;
  return [
    'Every replica is a process in a cgroup of its own with a small part of a core, so that eight of them fit on one machine and',
    'what one more brings shows. Load generator, nginx (without copies), Postgres, Redis and the services that are not measured',
    'are not capped, but share what is left of the machine: where the column "machine" comes near 100 %, the machine was the',
    'limit and not the replicas. The knee is the highest rate at which the thresholds of the load test',
    '([limits.ts](../../loadtest/limits.ts)) are kept; each rate is tried for some seconds, one that fails twice is too much.',
    '',
    `**A cap costs time.** What has used up its share waits for the next period. The kernel's least share is 1 ms, so the`,
    `shortest period of ${smallest} of a core is ${periodMs.toFixed(0)} ms (with the usual 100 ms it would be worse): every hop may wait that long. The`,
    'times here are those of capped processes; at full speed a page takes a few milliseconds. Near the knee the waits add up,',
    'which is why a replica has to stop before all of its share is used.',
    '',
    'It does not say what one replica carries with a whole core: garbage collection, timers and metrics take a larger part of a',
    'small share, so CPU per request is higher here. It says how it grows: whether two carry twice as much as one, and whether',
    'the work is spread evenly. Nor does it say where Postgres ends, which is one process for all here.',
  ].join('\n');
}
