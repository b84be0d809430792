// The folder with all data of the shop. One launcher at a time works in it.
import { mkdir, readFile, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { lock } from 'proper-lockfile';
import writeFileAtomic from 'write-file-atomic';
import { isAlive, startTime, until } from './processes.ts';
import { Failure } from './terminal.ts';

export const root = resolve(import.meta.dirname, '..');
export const dataDir = resolve(root, process.env['DATA_DIR'] || '.data');

/** The lock is held while a launcher takes over the folder; only a launcher killed at that moment leaves it behind. */
const LOCK_STALE_MS = 5000;
const LOCK_RETRIES = { forever: true, minTimeout: 50, maxTimeout: 200 };

interface ProcessMark {
  pid: number;
  /** Distinguishes the process from a later one with the same pid. */
  startedAt: string;
}

interface Occupation extends ProcessMark {
  /** Shown to users. */
  command: string;
  address?: string;
  /** Processes that would survive if this one were killed. */
  children: ProcessMark[];
}

export interface Claim {
  setAddress(address: string): Promise<void>;
  setChildren(pids: number[]): Promise<void>;
  release(): Promise<void>;
}

/** Occupies the folder for this process, or throws Occupied. Processes left behind by a killed launcher are ended first. */
export async function claim(dir: string, command: string): Promise<Claim> {
  await mkdir(dir, { recursive: true });
  const file = join(dir, 'running.json');
  const mine: Occupation = { ...markOf(process.pid), command, children: [] };
  const set = (change: Partial<Occupation>) =>
    writeFileAtomic(file, JSON.stringify(Object.assign(mine, change)), { mode: 0o600 });
  const unlock = await lock(file, { realpath: false, stale: LOCK_STALE_MS, retries: LOCK_RETRIES });
  try {
    for (let other = await read(file); other; other = await read(file)) {
      if (runs(other)) throw new Occupied(dir, other);
      const left = other.children.filter(runs);
      if (left.length === 0) break;
      for (const child of left) await end(child);
    }
    await set({});
  } finally {
    await unlock();
  }
  return {
    setAddress: (address) => set({ address }),
    setChildren: (pids) => set({ children: pids.map(markOf) }),
    release: () => rm(file, { force: true }),
  };
}

/** Thrown when another launcher works in the folder. */
export class Occupied extends Failure {
  /** Address of its shop; undefined while that starts or stops, and for commands that start no shop. */
  readonly address: string | undefined;

  constructor(dir: string, { command, address, pid }: Occupation) {
    super(
      address
        ? `The shop is already running at ${address} (${command}, pid ${pid}). ` +
            `Stop it with Ctrl-C there or \`kill ${pid}\`; a second shop beside it needs its own DATA_DIR and PORT.`
        : `${command} (pid ${pid}) works in ${dir}. Wait until it has finished, or choose another folder with DATA_DIR.`,
    );
    this.address = address;
  }
}

/** Undefined when the folder is free. A note that a power failure cut off counts as none. */
async function read(file: string): Promise<Occupation | undefined> {
  const text = await readFile(file, 'utf8').catch(() => '');
  try {
    return JSON.parse(text) as Occupation;
  } catch {
    return undefined;
  }
}

async function end(child: ProcessMark): Promise<void> {
  for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
    if (!runs(child)) return;
    process.kill(child.pid, signal);
    await until(() => !runs(child), 15_000);
  }
}

const markOf = (pid: number): ProcessMark => ({ pid, startedAt: startTime(pid) });
const runs = ({ pid, startedAt }: ProcessMark) => isAlive(pid) && startTime(pid) === startedAt;
