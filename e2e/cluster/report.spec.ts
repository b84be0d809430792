import { expect, test } from 'vitest';
import { reportOf, type Part } from './report.ts';

const part: Part = {
  part: 'scaling',
  at: '2026-11-25 12:00',
  commit: 'abc1234',
  cluster: 'Kubernetes v1.34.9, 3 nodes; Helm v4.1.0',
  machine: '2 × a processor',
  loadAverage: 4,
  tests: [
    { name: 'a spike is answered', result: 'passed', seconds: 300 },
    { name: 'something else', result: 'failed', seconds: 1 },
    { name: 'for other clusters', result: 'skipped', seconds: 0 },
  ],
  figures: [{ what: 'a spike', figures: { pods: { gateway: 4, catalog: [5, 6] }, requests: 10 } }],
};

test('a report counts what passed, names the parts that did not run, and has the others with their figures and tests', () => {
  const report = reportOf(
    [part, { ...part, part: 'backlog', machine: '4 × a processor', figures: [] }],
    ['backlog', 'changes', 'scaling'],
  );
  expect(report).toContain('**2 of 4 passed**, 2 skipped.');
  expect(report).toContain('Not run: changes.');
  expect(report).toContain('all on one machine: 2 × a processor; 4 × a processor.');
  expect(report).toContain('| pods | gateway: 4; catalog: 5, 6 |');
  expect(report).toContain('| something else | failed | 1 |');
  expect(report.match(/cluster-autoscaling\.svg/g)).toHaveLength(1);
  expect(report.match(/^## /gm)).toHaveLength(2);
});
