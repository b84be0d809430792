// Runs programs, and tells whether a process is alive, what it runs and when it was started.
import { spawn, execFileSync, type SpawnOptions } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';

export interface Outcome {
  code: number;
  /** Standard output and error, in the order they came. */
  output: string;
}

/** Runs a program to its end. A program that fails or cannot be started (code 127) is a result, not an exception. */
export function run(command: string[], options: SpawnOptions & { input?: string } = {}): Promise<Outcome> {
  const [program = '', ...args] = command;
  const child = spawn(program, args, { ...options, stdio: ['pipe', 'pipe', 'pipe'] });
  let output = '';
  child.stdout.on('data', (chunk) => (output += String(chunk)));
  child.stderr.on('data', (chunk) => (output += String(chunk)));
  child.stdin.on('error', () => {}); // the program may end without reading its input
  child.stdin.end(options.input);
  return new Promise((resolve) => {
    child.once('error', (error) => resolve({ code: 127, output: error.message }));
    child.once('close', (code) => resolve({ code: code ?? 1, output }));
  });
}

/** Runs a program that shares this terminal; resolves to its exit code when it has ended, also after an abort. */
export function runInTerminal(command: string[], options: SpawnOptions = {}): Promise<number> {
  const [program = '', ...args] = command;
  const child = spawn(program, args, { stdio: 'inherit', ...options });
  return new Promise((resolve, reject) => {
    child.once('error', (error) => (child.pid === undefined ? reject(error) : undefined));
    child.once('close', (code) => resolve(code ?? 1));
  });
}

/** The path of the first of these programs that is on the PATH. */
export function findProgram(...names: string[]): string | undefined {
  const folders = (process.env['PATH'] ?? '').split(delimiter).filter(Boolean);
  return names.flatMap((name) => folders.map((folder) => join(folder, name))).find((path) => existsSync(path));
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !/^\d+ \(.*\) Z/s.test(procFile(pid, 'stat')); // a zombie only waits for its parent
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** The command line of a process; empty when the process has ended or belongs to another user. */
export function commandLine(pid: number): string {
  if (process.platform === 'linux') return procFile(pid, 'cmdline').replaceAll('\0', ' ').trim();
  return ps(pid, 'command');
}

/** The start time of a process in the system's own format. Together with the pid it identifies a process for good. */
export function startTime(pid: number): string {
  if (process.platform !== 'linux') return ps(pid, 'lstart');
  const afterName = procFile(pid, 'stat').replace(/^.*\) /s, '');
  return afterName.split(' ')[19] ?? '';
}

/** Polls until the condition holds; false when the time is over. */
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
