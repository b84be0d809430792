// Caps the CPU of processes with cgroups, version 1 or 2.
import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Failure } from '@shop/tools/terminal';

const PREFIX = 'shop-capacity-';
/** The smallest quota that the kernel accepts. */
const MIN_QUOTA_US = 1000;

export interface CpuCap {
  /** Caps a process with all its threads. */
  add(pid: number): void;
  /** Periods with work, and those of them in which the quota was exhausted. */
  throttled(): { periods: number; throttled: number };
  /** Removes the limit. */
  lift(): void;
  /** Removes the cgroup, which must be empty. */
  remove(): void;
}

/**
 * `cores` of CPU time, in the shortest possible periods: a process that has used its quota waits for the next period, so with
 * the default period of 100 ms a replica with 0.03 of a core would not respond for 97 ms of it.
 */
export function capOf(name: string, cores: number): CpuCap {
  const group = join(controller.path, `${PREFIX}${process.pid}-${name}`);
  const quota = MIN_QUOTA_US;
  const period = periodFor(cores);
  mkdirSync(group);
  const write = (file: string, value: string | number) => writeFileSync(join(group, file), String(value));
  if (controller.version === 2) write('cpu.max', `${quota} ${period}`);
  else {
    write('cpu.cfs_period_us', period);
    write('cpu.cfs_quota_us', quota);
  }
  return {
    add: (pid) => write('cgroup.procs', pid),
    throttled: () => {
      const text = readFileSync(join(group, 'cpu.stat'), 'utf8');
      const number = (key: string) => Number(new RegExp(`^${key} (\\d+)`, 'm').exec(text)?.[1] ?? 0);
      return { periods: number('nr_periods'), throttled: number('nr_throttled') };
    },
    lift: () => (controller.version === 2 ? write('cpu.max', 'max') : write('cpu.cfs_quota_us', -1)),
    remove: () => rmdirSync(group),
  };
}

/** The period in µs. */
export function periodFor(cores: number): number {
  return Math.round(MIN_QUOTA_US / cores);
}

/** Fails where CPU cannot be capped. Removes the cgroups of killed runs. */
export function checkCapping(): void {
  try {
    controller = findController();
    for (const name of readdirSync(controller.path)) if (name.startsWith(PREFIX)) removeEmpty(name);
    const probe = capOf('probe', 0.5);
    probe.remove();
  } catch (error) {
    throw new Failure(
      `CPU cannot be capped here (${(error as Error).message}). This needs Linux, root, and a writable cgroup file system.`,
    );
  }
}

function removeEmpty(name: string): void {
  try {
    rmdirSync(join(controller.path, name));
  } catch {
    // In use by another study.
  }
}

interface Controller {
  version: 1 | 2;
  path: string;
}

let controller: Controller;

function findController(): Controller {
  const root = '/sys/fs/cgroup';
  for (const name of ['cpu', 'cpu,cpuacct'])
    if (existsSync(join(root, name, 'cpu.cfs_quota_us'))) return { version: 1, path: join(root, name) };
  const controllers = readFileSync(join(root, 'cgroup.controllers'), 'utf8').trim().split(' ');
  if (!controllers.includes('cpu')) throw new Error('this group has no cpu controller');
  writeFileSync(join(root, 'cgroup.subtree_control'), '+cpu');
  return { version: 2, path: root };
}
