// Running programs, and knowing whose process a number belongs to.
import { spawn, execFileSync, type SpawnOptions } from 'node:child_process';
import { readFileSync } from 'node:fs';

export interface Outcome {
  code: number;
  /** Standard output and error, in the order they came. */
  output: string;
}

/** Runs a program to its end; never throws for an exit code. A program that cannot be started has code 127. */
export function run(command: string[], options: SpawnOptions & { input?: string } = {}): Promise<Outcome> {
  const [program = '', ...args] = command;
  const child = spawn(program, args, { ...options, stdio: ['pipe', 'pipe', 'pipe'] });
  let output = '';
  child.stdout.on('data', (chunk) => (output += String(chunk)));
  child.stderr.on('data', (chunk) => (output += String(chunk)));
  child.stdin.on('error', () => {}); // it may end without reading
  child.stdin.end(options.input);
  return new Promise((resolve) => {
    child.once('error', (error) => resolve({ code: 127, output: error.message }));
    child.once('close', (code) => resolve({ code: code ?? 1, output }));
  });
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !/^\d+ \(.*\) Z/s.test(procFile(pid, 'stat')); // a zombie waits for its parent, it does nothing
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** The command line of a process, or '' when it is gone or not ours to see. */
export function commandLine(pid: number): string {
  if (process.platform === 'linux') return procFile(pid, 'cmdline').replaceAll('\0', ' ').trim();
  return ps(pid, 'command');
}

/** When a process was started, as the system words it: with the pid it names one process for ever. */
export function startTime(pid: number): string {
  if (process.platform !== 'linux') return ps(pid, 'lstart');
  const afterName = procFile(pid, 'stat').replace(/^.*\) /s, '');
  return afterName.split(' ')[19] ?? '';
}

export async function until(
  condition: () => boolean | Promise<boolean>,
  timeoutMs: number,
  everyMs = 50,
): Promise<boolean> {
  const end = performance.now() + timeoutMs;
  while (!(await condition())) {
    if (performance.now() > end) return false;
    await new Promise((resolve) => setTimeout(resolve, everyMs));
  }
  return true;
}

function procFile(pid: number, name: string): string {
  try {
    return readFileSync(`/proc/${pid}/${name}`, 'utf8');
  } catch {
    return '';
  }
}

function ps(pid: number, column: string): string {
  try {
    return execFileSync('ps', ['-o', `${column}=`, '-p', String(pid)], { encoding: 'utf8' }).trim();
  } catch {
    return '';
  }
}
