import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { overTime } from './points.ts';
import { timeline } from './timeline.ts';

test('requests become a rate and a percentile per window, without those that only prepare', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'shop-points-'));
  const head = 'metric_name,timestamp,metric_value,extra_tags';
  const lines = [
    'http_req_duration,100,9000,flow=setup',
    'vus,100,3,',
    ...Array.from({ length: 10 }, (_, i) => `http_req_duration,${100 + (i % 5)},${i + 1},flow=browse`),
    'http_req_duration,105,70,flow=browse',
    'http_req_duration,110,80,flow=browse',
  ];
  await writeFile(join(dir, 'points.csv'), [head, ...lines].join('\n'));
  expect(await overTime(join(dir, 'points.csv'))).toEqual({
    startedAt: 100,
    rate: [
      [0, 2],
      [5, 0.2],
    ],
    p95: [
      [0, 10],
      [5, 70],
    ],
  });
  await rm(dir, { recursive: true });
});

test('a timeline has a line for everything it shows', () => {
  const svg = timeline([{ title: 'pods', lines: { catalog: [[0, 2]], gateway: [[10, 4]] } }], { spike: 5 });
  expect(svg.match(/<polyline/g)).toHaveLength(2);
  expect(svg).toContain('>spike</text>');
});
