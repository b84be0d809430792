// Memory of other processes, as the kernel counts it. Linux only.
import { readFileSync } from 'node:fs';

export interface Memory {
  residentMb: number;
  /** Its own part of it. The rest is pages of files, most of them of node itself, that all processes of a machine share. */
  ownMb: number;
}

export function memoryOf(pid: number): Memory {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const megabytes = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status)?.[1]) / 1024;
  return { residentMb: megabytes('VmRSS'), ownMb: megabytes('RssAnon') };
}
