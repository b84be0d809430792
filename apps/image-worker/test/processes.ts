// What the system tells of processes. Linux only.
import { readFileSync } from 'node:fs';

/** Its children that live. */
export function childrenOf(pid: number): number[] {
  try {
    return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').filter(Boolean).map(Number);
  } catch {
    return [];
  }
}

/** CPU time it has used, in seconds, which is counted in hundredths; 0 when it is gone. */
export function cpuSecondsOf(pid: number): number {
  try {
    const [, , , , , , , , , , , user, system] = readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /s, '')
      .split(' ');
    return (Number(user) + Number(system)) / 100;
  } catch {
    return 0;
  }
}
