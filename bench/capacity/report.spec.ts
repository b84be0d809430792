import { expect, test } from 'vitest';
import { needs } from './plan.ts';
import { report } from './report.ts';
import { efficiency, unevenness, type Result } from './result.ts';
import { scaleCurve } from './scale-curve.ts';
import type { Point } from './study.ts';

const point = (
  replicas: number,
  saturationPoint: number,
  shares: number[],
  cpuPerAction: Record<string, number>,
): Point => ({
  ...{ replicas, saturationPoint, tooMuch: saturationPoint * 1.05, tried: [] },
  at: {
    ...{
      rate: saturationPoint,
      carried: true,
      crossed: [],
      p95: 40,
      p99: 80,
      actionsPerSecond: saturationPoint,
      requestsPerAction: 1,
    },
    ...{ cpuPerAction, shares: { gateway: shares }, throttled: { gateway: 0.5 }, machineBusy: 0.6 },
  },
});
const page = { 'load generator': 500, nginx: 100, gateway: 300, catalog: 200 };
const result: Result = {
  ...{ date: '2030-01-01', machine: 'a machine', commit: 'abc', versions: { k6: '1.8.1' } },
  ...{ loadAverageBefore: 0.1, minutes: 18 },
  subjects: [
    {
      ...{ name: 'browse', action: 'a page', caps: { gateway: 0.05 } },
      points: [point(1, 100, [1], page), point(2, 190, [0.52, 0.48], page)],
    },
    { name: 'checkout', action: 'an order', caps: { orders: 0.05 }, points: [point(1, 4, [1], { orders: 10_000 })] },
  ],
};

test('computes the throughput per replica and the imbalance of shares', () => {
  const { points } = result.subjects[0]!;
  expect(efficiency(points, points[1]!)).toBeCloseTo(0.95);
  expect(unevenness([0.52, 0.48])).toBeCloseTo(0.04);
});

test('a plan adds up pages and orders, leaves headroom and excludes the load generator', () => {
  const all = Object.fromEntries(needs(result, 10_000, 100).map(({ what, ...need }) => [what, need]));
  expect(all).toEqual({
    nginx: { cores: 1, replicas: 2 },
    gateway: { cores: 3, replicas: 5 },
    catalog: { cores: 2, replicas: 4 },
    orders: { cores: 1, replicas: 2 },
  });
});

test('the report has a row for each number of replicas, and the chart a curve for each subject', () => {
  const text = report(result, { data: 'data.json', curve: 'scale.svg' });
  expect(text).toContain('| 2 | 190.0 | 199.5 | 1.90 | 0.95 | 40 ms | 80 ms | gateway 4 % | gateway 50 % | 60 % |');
  expect(text).not.toMatch(/NaN|undefined/);
  const curve = scaleCurve(result);
  expect(curve.match(/<polyline/g)).toHaveLength(3);
  expect(curve).not.toMatch(/NaN|undefined/);
});
