// One process of the shop: started, watched, its log kept in a file, ended without cutting off what it is doing.
import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { root } from './data-dir.ts';
import { whenAborted } from './interrupt.ts';
import { forLines, openLog } from './log-file.ts';
import { showWarnings } from './log-lines.ts';
import { nodeFlags } from './node-flags.ts';
import { until } from './processes.ts';
import { Failure } from './terminal.ts';

export interface ServiceProcessOptions {
  /** The folder below apps/ whose dist/main.js runs. */
  app: string;
  /** How its lines are marked on the terminal. */
  label: string;
  env: NodeJS.ProcessEnv;
  /** Where /readyz answers. */
  opsUrl: string;
  logFile: string;
}

export interface ServiceProcess {
  pid: number;
  label: string;
  /** How it ended by itself, in words: `exit code 1`, `signal SIGKILL`. Never resolves for one that was stopped. */
  crashed: Promise<string>;
  /** Resolves when it serves; rejects with its last words when it ends or hangs instead. */
  ready(): Promise<void>;
  /** Lets it finish what is in flight; `hurry` ends it at once. */
  stop(hurry?: AbortSignal): Promise<void>;
  lastWords(): string;
}

/** Longer than a service takes to give up on what is in flight. */
const STOP_MS = 45_000;
const READY_MS = 120_000;
const LAST_LINES = 15;
const LAST_WORDS_MS = 1000;

export function startProcess({ app, label, env, opsUrl, logFile }: ServiceProcessOptions): ServiceProcess {
  // Detached: a Ctrl-C in the terminal must reach the launcher only, which ends things in their order.
  const child = spawn(process.execPath, [...nodeFlags, join(root, 'apps', app, 'dist', 'main.js')], {
    cwd: root,
    env,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const log = keepLog(child, logFile, label);
  let how: string | undefined;
  const ended = new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('exit', (code, signal) => resolve(signal ? `signal ${signal}` : `exit code ${code}`));
  }).then(async (words) => {
    await log.end();
    return (how = words);
  });
  let stopping = false;
  const crashed = new Promise<string>((resolve) => void ended.then((words) => stopping || resolve(words)));

  const lastWords = () => log.lastLines.join('\n');
  return {
    pid: child.pid ?? 0,
    label,
    crashed,
    lastWords,
    async ready() {
      const answered = await until(async () => how !== undefined || (await answers(`${opsUrl}/readyz`)), READY_MS, 30);
      if (how !== undefined)
        throw new Failure(
          `${label} ended while it started (${how}). Its last lines, out of ${logFile}:\n${lastWords()}`,
        );
      if (!answered)
        throw new Failure(`${label} does not get ready: ${await words(`${opsUrl}/readyz`)}. Its log: ${logFile}`);
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

/**
 * Writes what a process says into a file, and what is worrying on the terminal. Through this launcher, so that the file can be
 * replaced by the next without a line lost; a service whose launcher was killed goes on without a log.
 */
function keepLog({ stdout, stderr }: ChildProcessByStdio<null, Readable, Readable>, file: string, label: string) {
  const log = openLog(file);
  const kept = { lastLines: [] as string[], end };
  const take = (chunk: Buffer) => {
    log.write(chunk);
    const lines = chunk.toString().trimEnd().split('\n');
    kept.lastLines = [...kept.lastLines, ...lines].slice(-LAST_LINES);
    showWarnings(lines, label);
  };
  const read = Promise.all([forLines(stdout, take), forLines(stderr, take)]);
  /** What a process said before its end is there to be read; a child of its own that lives on may keep the pipes open. */
  async function end() {
    await Promise.race([read, new Promise((resolve) => setTimeout(resolve, LAST_WORDS_MS).unref())]);
    for (const stream of [stdout, stderr]) stream.destroy();
    await read;
    log.close();
  }
  return kept;
}

async function answers(url: string): Promise<boolean> {
  return fetch(url, { signal: AbortSignal.timeout(2000) }).then(
    ({ ok }) => ok,
    () => false,
  );
}

async function words(url: string): Promise<string> {
  return fetch(url, { signal: AbortSignal.timeout(2000) }).then(
    (response) => response.text(),
    (error: Error) => error.message,
  );
}
