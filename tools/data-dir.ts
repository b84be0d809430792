// The folder with everything the shop writes, and who works in it: one launcher at a time.
import { mkdir, readFile, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { isAlive, startTime, until } from './processes.ts';
import { createFile, removeFile, replaceFile } from './replace-file.ts';
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
  while (!(await createFile(file, JSON.stringify(mine)))) {
    const note = await readFile(file, 'utf8').catch(() => undefined);
    if (note === undefined) continue; // just released
    const other = parse(note);
    if (other && runs(other)) throw new Occupied(dir, other);
    for (const child of other?.children ?? []) await end(child);
    await removeFile(file, note); // by now another launcher may have taken the folder over
  }
  const set = (change: Partial<Occupation>) => replaceFile(file, JSON.stringify(Object.assign(mine, change)));
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

function parse(note: string): Occupation | undefined {
  try {
    return JSON.parse(note) as Occupation;
  } catch {
    return undefined; // lost in a power failure
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
