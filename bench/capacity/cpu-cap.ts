// How much CPU processes may use: groups of the kernel's (cgroups), through its files, version 1 or 2.
import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Failure } from '@shop/tools/terminal';

const PREFIX = 'shop-capacity-';
/** The least that the kernel takes. */
const LEAST_QUOTA_US = 1000;

export interface CpuCap {
  /** Caps a process with all its threads. */
  add(pid: number): void;
  /** Of the periods with something to do, the part in which it had to wait for the next. */
  throttled(): { periods: number; throttled: number };
  /** As much as there is again. */
  lift(): void;
  /** Once nobody is in it. */
  remove(): void;
}

/**
 * `cores` of CPU time, in the shortest periods there are: what has used up its share waits for the next period, so with
 * the usual 100 ms a replica with 0.03 of a core would answer nothing for 97 of them.
 */
export function capOf(name: string, cores: number): CpuCap {
  const group = join(controller.path, `${PREFIX}${process.pid}-${name}`);
  const quota = LEAST_QUOTA_US;
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

/** In µs. */
export function periodFor(cores: number): number {
  return Math.round(LEAST_QUOTA_US / cores);
}

/** A Failure in one line where CPU cannot be capped. Removes what a run that was killed left behind. */
export function checkCapping(): void {
  try {
    controller = findController();
    for (const name of readdirSync(controller.path)) if (name.startsWith(PREFIX)) removeEmpty(name);
    const probe = capOf('probe', 0.5);
    probe.remove();
  } catch (error) {
    throw new Failure(
      `CPU cannot be capped here (${(error as Error).message}). It takes Linux, root, and a cgroup file system that may be written to.`,
    );
  }
}

function removeEmpty(name: string): void {
  try {
    rmdirSync(join(controller.path, name));
  } catch {
    // Somebody is in it: another study runs.
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
