// CPU time of other processes, as the kernel counts it.
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';

const microsPerTick = 1e6 / Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }));

/** User and system time a process has used so far, in µs; 0 when it is gone. Linux only; the kernel counts in steps of 10 ms. */
export function cpuMicros(pid: number): number {
  const fields = statOf(pid);
  return (Number(fields[11] ?? 0) + Number(fields[12] ?? 0)) * microsPerTick;
}

/** User and system time of a process, of its children, and of those that ended and that it waited for, in µs. */
export function familyCpuMicros(pid: number): number {
  const children = readdirSync('/proc').filter((name) => /^\d+$/.test(name) && statOf(name)[1] === String(pid));
  return children.reduce((sum, child) => sum + cpuMicros(Number(child)), cpuMicros(pid) + endedChildrenMicros(pid));
}

/** User and system time of those of its children that ended and that it waited for, in µs. */
export function endedChildrenMicros(pid: number): number {
  const fields = statOf(pid);
  return (Number(fields[13] ?? 0) + Number(fields[14] ?? 0)) * microsPerTick;
}

/** What comes after the name in /proc/PID/stat: state, parent and so on; of a process that is gone nothing. */
function statOf(pid: number | string): string[] {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /s, '')
      .split(' ');
  } catch {
    return [];
  }
}
