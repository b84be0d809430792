// CPU time of processes, as accounted by the kernel. Linux only.
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';

const microsPerTick = 1e6 / Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }));

/** User and system time of a process so far, in µs and in steps of 10 ms; 0 when it has ended. */
export function cpuMicros(pid: number): number {
  const fields = statOf(pid);
  return (Number(fields[11] ?? 0) + Number(fields[12] ?? 0)) * microsPerTick;
}

/** User and system time of a process, its children, and its ended children, in µs. */
export function familyCpuMicros(pid: number): number {
  const children = readdirSync('/proc').filter((name) => /^\d+$/.test(name) && statOf(name)[1] === String(pid));
  return children.reduce((sum, child) => sum + cpuMicros(Number(child)), cpuMicros(pid) + endedChildrenMicros(pid));
}

/** User and system time of the children of a process that have ended and been waited for, in µs. */
export function endedChildrenMicros(pid: number): number {
  const fields = statOf(pid);
  return (Number(fields[13] ?? 0) + Number(fields[14] ?? 0)) * microsPerTick;
}

/** The fields after the name in /proc/PID/stat: state, parent and so on. Empty for a process that has ended. */
function statOf(pid: number | string): string[] {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /s, '')
      .split(' ');
  } catch {
    return [];
  }
}
