// The folder with everything the shop writes, and who works in it: one launcher at a time.
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { isAlive, startTime, until } from './processes.ts';
import { Failure } from './terminal.ts';

export const root = resolve(import.meta.dirname, '..');
export const dataDir = resolve(root, process.env['DATA_DIR'] || '.data');

interface ProcessMark {
  pid: number;
  /** Tells it from a later process with the same number. */
  startedAt: string;
}

interface Occupation extends ProcessMark {
  /** What runs, for a person. */
  command: string;
  address?: string;
  /** Processes it started that would outlive its sudden death. */
  children: ProcessMark[];
}

export interface Claim {
  setAddress(address: string): Promise<void>;
  setChildren(pids: number[]): Promise<void>;
  release(): Promise<void>;
}

/** Takes the folder for this process, or says who has it. What a killed launcher left running is ended first. */
export async function claim(dir: string, command: string): Promise<Claim> {
  await mkdir(dir, { recursive: true });
  const file = join(dir, 'running.json');
  const mine: Occupation = { ...markOf(process.pid), command, children: [] };
  while (!(await create(file, mine))) {
    const other = await read(file);
    if (other && runs(other)) throw new Occupied(dir, other);
    for (const child of other?.children ?? []) await end(child);
    await rm(file, { force: true });
  }
  const set = (change: Partial<Occupation>) => writeFile(file, JSON.stringify(Object.assign(mine, change)));
  return {
    setAddress: (address) => set({ address }),
    setChildren: (pids) => set({ children: pids.map(markOf) }),
    release: () => rm(file, { force: true }),
  };
}

/** Another launcher works in the folder. */
export class Occupied extends Failure {
  /** Where its shop is open; undefined while it starts or stops, and for commands that open none. */
  readonly address: string | undefined;

  constructor(dir: string, { command, address, pid }: Occupation) {
    super(
      address
        ? `The shop runs already, at ${address} (${command}, pid ${pid}). ` +
            `Stop it with Ctrl-C there or \`kill ${pid}\`; a second shop beside it needs its own DATA_DIR and PORT.`
        : `${command} (pid ${pid}) works in ${dir}. Wait for it, or give this one its own DATA_DIR.`,
    );
    this.address = address;
  }
}

async function create(file: string, occupation: Occupation): Promise<boolean> {
  try {
    await writeFile(file, JSON.stringify(occupation), { flag: 'wx' });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

async function read(file: string): Promise<Occupation | undefined> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as Occupation;
  } catch {
    return undefined; // just released, or cut off by a crash
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
