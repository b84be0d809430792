import { join } from 'node:path';
import { expect, test } from 'vitest';
import { root } from '@shop/tools/data-dir';
import { run } from '@shop/tools/processes';
import { capsOf } from './capped-shop.ts';
import { subjects } from './subjects.ts';

test.each(subjects)('eight replicas for $name use at most 1.2 of two cores', (subject) => {
  const each = capsOf(subject, 2).reduce((sum, [, cap]) => sum + cap, 0);
  expect(each * 8).toBeGreaterThan(0);
  expect(each * 8).toBeLessThanOrEqual(1.2);
});

test('refuses more replicas than the machine has room for, before anything starts', async () => {
  const { code, output } = await run([process.execPath, join(root, 'bench/capacity.ts'), '--replicas', '1,99']);
  expect(code).toBe(1);
  expect(output.trim()).toMatch(/^browse: the replicas would need [\d.]+ of \d+ cores\.$/);
});
