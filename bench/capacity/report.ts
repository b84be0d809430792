// The result of a study as Markdown.
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
    '# Capacity of replicas',
    '',
    `Written by \`npm run capacity\` on ${result.date}: ${result.machine}, commit ${result.commit}; ${versions.join(', ')}.`,
    `It took ${result.minutes.toFixed(0)} minutes; the load average before was ${result.loadAverageBefore.toFixed(1)}. All figures are in [${files.data}](${files.data}).`,
    '',
    `![Throughput relative to one replica, over the number of replicas](${files.curve})`,
    '',
    ...result.subjects.flatMap((subject) => [...subjectTables(subject), '']),
    '## Replicas for a given load',
    '',
    'Busy cores → replicas with one core each, at 60 % utilisation, never fewer than two. Pages are those that no cache in',
    'front of the shop answers; costs are those of one capped replica, which are higher than at full speed.',
    '',
    ...planTable(result, CASES),
    '',
    `For other loads: \`npm run capacity -- --plan 500,10\`.`,
    '',
    '## Method and limits',
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
    `CPU of each replica: ${shares.join(', ')}.`,
    '',
    `| replicas of each | saturation point, per second | too much | × one | per replica | p95 | p99 | imbalance | throttled | machine CPU |`,
    '| ---: | ---: | ---: | ---: | ---: | ---: | ---: | --- | --- | ---: |',
    ...points.map((point) => row(point, points, services)),
    '',
    `CPU of ${action.split(',')[0]} at the saturation point, in ${name === 'browse' ? 'µs' : 'ms'}:`,
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
  const { replicas, saturationPoint, tooMuch, at } = point;
  const each = (values: Partial<Record<string, number | number[]>>, show: (value: number | number[]) => string) =>
    services
      .flatMap((service) => (values[service] === undefined ? [] : [`${service} ${show(values[service]!)}`]))
      .join(', ');
  const cells = [
    replicas,
    saturationPoint.toFixed(1),
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
    'Each replica is a process in its own cgroup with a small part of a core, so that eight of them fit on one machine and the',
    'effect of one more is visible. Load generator, nginx (without cache), Postgres, Redis and the services that are not measured',
    'are not capped but share the rest of the machine: where the column "machine CPU" approaches 100 %, the machine was the',
    'limit, not the replicas. The saturation point is the highest rate at which the thresholds of the load test',
    '([limits.ts](../../loadtest/limits.ts)) hold. Each rate is tried for some seconds; a rate that fails twice is too much.',
    '',
    `**A cap adds latency.** A process that has used its share waits for the next period. The smallest quota of the kernel is`,
    `1 ms, so the shortest period for ${smallest} of a core is ${periodMs.toFixed(0)} ms (with the default of 100 ms it would be worse), and every hop may`,
    'wait that long. The times here are those of capped processes; at full speed a page takes a few milliseconds. Near the',
    'saturation point these waits add up, so a replica saturates before it has used its whole share.',
    '',
    'The study does not show what one replica carries with a whole core: garbage collection, timers and metrics take a larger',
    'part of a small share, so CPU per request is higher here. It shows how throughput grows: whether two replicas carry twice',
    'as much as one, and whether the work is spread evenly. It does not show the limit of Postgres, which is one process for all.',
  ].join('\n');
}
