// Memory of processes, as accounted by the kernel. Linux only.
import { readFileSync } from 'node:fs';

export interface Memory {
  residentMb: number;
  /** The private part of it. The rest is pages of files, mostly of node itself, that all processes share. */
  ownMb: number;
}

export function memoryOf(pid: number): Memory {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const megabytes = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status)?.[1]) / 1024;
  return { residentMb: megabytes('VmRSS'), ownMb: megabytes('RssAnon') };
}
