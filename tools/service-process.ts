// One process of the shop: started, watched, its log kept in a file, stopped without interrupting its work in flight.
import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { root } from './data-dir.ts';
import { whenAborted } from './interrupt.ts';
import { forLines, openLog } from './log-file.ts';
import { showWarnings } from './log-lines.ts';
import { nodeFlags } from './node-flags.ts';
import { until } from './processes.ts';
import { Failure } from './terminal.ts';

export interface ServiceProcessOptions {
  /** The folder in apps/ whose dist/main.js runs. */
  app: string;
  /** Marks its lines on the terminal. */
  label: string;
  env: NodeJS.ProcessEnv;
  /** Where /readyz answers. */
  opsUrl: string;
  logFile: string;
  /** The process writes to its log file directly: no warnings on the terminal, no rotation, no CPU used here. */
  quiet?: boolean;
}

export interface ServiceProcess {
  pid: number;
  label: string;
  /** How it ended without being stopped: `exit code 1`, `signal SIGKILL`. Pending for a process that was stopped. */
  crashed: Promise<string>;
  /** Resolves when it is ready; rejects with the end of its log when it ends or hangs instead. */
  ready(): Promise<void>;
  /** Lets it finish its work in flight; `hurry` kills it. */
  stop(hurry?: AbortSignal): Promise<void>;
  /** The last lines of its log. */
  lastWords(): string;
}

/** Longer than a service takes to give up on its work in flight. */
const STOP_MS = 45_000;
const READY_MS = 120_000;
const LAST_LINES = 15;
const LAST_WORDS_MS = 1000;

export function startProcess(options: ServiceProcessOptions): ServiceProcess {
  const { label, opsUrl, logFile } = options;
  const { child, log } = launch(options);
  let how: string | undefined;
  const ended = new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('exit', (code, signal) => resolve(signal ? `signal ${signal}` : `exit code ${code}`));
  }).then(async (end) => {
    await log.end();
    return (how = end);
  });
  let stopping = false;
  const crashed = new Promise<string>((resolve) => void ended.then((end) => stopping || resolve(end)));
  return {
    pid: child.pid ?? 0,
    label,
    crashed,
    lastWords: log.lastWords,
    async ready() {
      const answered = await until(async () => how !== undefined || (await answers(`${opsUrl}/readyz`)), READY_MS, 10);
      if (how !== undefined)
        throw new Failure(
          `${label} ended while it started (${how}). Its last lines, from ${logFile}:\n${log.lastWords()}`,
        );
      if (!answered)
        throw new Failure(`${label} does not become ready: ${await bodyOf(`${opsUrl}/readyz`)}. Its log: ${logFile}`);
    },
    async stop(hurry) {
      stopping = true;
      child.kill('SIGTERM');
      const patience = new Promise((resolve) => setTimeout(resolve, STOP_MS).unref());
      const finished = await Promise.race([ended, patience, ...(hurry ? [whenAborted(hurry)] : [])]);
      if (finished === undefined) child.kill('SIGKILL');
      await ended;
    },
  };
}

interface Log {
  lastWords(): string;
  /** Reads the rest of the output and closes the file. */
  end(): Promise<void>;
}

function launch({ app, label, env, logFile, quiet }: ServiceProcessOptions): { child: ChildProcess; log: Log } {
  const args = [...nodeFlags, join(root, 'apps', app, 'dist', 'main.js')];
  // Detached, because Ctrl-C in the terminal must reach the launcher only, which stops processes in order.
  const options = { cwd: root, env, detached: true };
  if (!quiet) {
    const child = spawn(process.execPath, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
    return { child, log: keepLog(child, logFile, label) };
  }
  mkdirSync(dirname(logFile), { recursive: true });
  const file = openSync(logFile, 'a');
  const child = spawn(process.execPath, args, { ...options, stdio: ['ignore', file, file] });
  closeSync(file);
  const lastWords = () => readFileSync(logFile, 'utf8').trimEnd().split('\n').slice(-LAST_LINES).join('\n');
  return { child, log: { lastWords, end: () => Promise.resolve() } };
}

/**
 * Writes the output of a process to a file and its warnings to the terminal. The launcher writes, not the process, so that
 * files rotate without losing a line; a process whose launcher was killed goes on without a log.
 */
function keepLog({ stdout, stderr }: ReturnType<typeof spawn>, file: string, label: string): Log {
  const log = openLog(file);
  let lastLines: string[] = [];
  const take = (chunk: Buffer) => {
    log.write(chunk);
    const lines = chunk.toString().trimEnd().split('\n');
    lastLines = [...lastLines, ...lines].slice(-LAST_LINES);
    showWarnings(lines, label);
  };
  const streams = [stdout!, stderr!];
  const read = Promise.all(streams.map((stream) => forLines(stream, take)));
  /** The last output is read; a surviving grandchild may keep the pipes open, so the wait is limited. */
  async function end() {
    await Promise.race([read, new Promise((resolve) => setTimeout(resolve, LAST_WORDS_MS).unref())]);
    for (const stream of streams) stream.destroy();
    await read;
    log.close();
  }
  return { lastWords: () => lastLines.join('\n'), end };
}

async function answers(url: string): Promise<boolean> {
  return fetch(url, { signal: AbortSignal.timeout(2000) }).then(
    ({ ok }) => ok,
    () => false,
  );
}

async function bodyOf(url: string): Promise<string> {
  return fetch(url, { signal: AbortSignal.timeout(2000) }).then(
    (response) => response.text(),
    (error: Error) => error.message,
  );
}
