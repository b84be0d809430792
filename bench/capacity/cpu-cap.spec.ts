import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { cpuMicros } from '../suites/process-cpu.ts';
import { capOf, checkCapping, periodFor } from './cpu-cap.ts';

const problem = (() => {
  try {
    checkCapping();
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
})();
if (problem) console.log(`Skipped: ${problem}`);

test.skipIf(problem)('limits the CPU of a process until the cap is lifted', async () => {
  const busy = spawn(process.execPath, ['-e', 'for (;;);']);
  const cap = capOf('test', 0.1);
  try {
    await sleep(200);
    cap.add(busy.pid!);
    const before = cpuMicros(busy.pid!);
    await sleep(2000);
    // A tenth of two seconds, plus the granularity of the kernel's accounting.
    expect((cpuMicros(busy.pid!) - before) / 1e6).toBeLessThan(0.3);
    expect(cap.throttled().throttled).toBeGreaterThan(10);
    cap.lift();
    const lifted = cpuMicros(busy.pid!);
    await expect.poll(() => (cpuMicros(busy.pid!) - lifted) / 1e6, { timeout: 20_000 }).toBeGreaterThan(0.3);
  } finally {
    busy.kill('SIGKILL');
    await once(busy, 'exit');
    await sleep(100);
    cap.remove();
  }
});

test('uses the shortest periods that the kernel accepts', () => {
  expect([0.5, 0.1, 0.05].map(periodFor)).toEqual([2000, 10_000, 20_000]);
});
