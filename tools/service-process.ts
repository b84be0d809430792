// One process of the shop: started, watched, its log kept in a file, ended without cutting off what it is doing.
import { spawn } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, renameSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { root } from './data-dir.ts';
import { whenAborted } from './interrupt.ts';
import { followWarnings } from './log-lines.ts';
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

export function startProcess({ app, label, env, opsUrl, logFile }: ServiceProcessOptions): ServiceProcess {
  mkdirSync(dirname(logFile), { recursive: true });
  if (existsSync(logFile)) renameSync(logFile, `${logFile}.previous`);
  // It writes the file itself: with a pipe, the death of this launcher would be an error at every line it logs.
  const log = openSync(logFile, 'a');
  // Detached: a Ctrl-C in the terminal must reach the launcher only, which ends things in their order.
  const child = spawn(process.execPath, [...nodeFlags, join(root, 'apps', app, 'dist', 'main.js')], {
    cwd: root,
    env,
    detached: true,
    stdio: ['ignore', log, log],
  });
  closeSync(log);
  const stopFollowing = followWarnings(logFile, label);
  let how: string | undefined;
  const ended = new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('exit', (code, signal) => resolve(signal ? `signal ${signal}` : `exit code ${code}`));
  }).then((words) => {
    stopFollowing();
    return (how = words);
  });
  let stopping = false;
  const crashed = new Promise<string>((resolve) => void ended.then((words) => stopping || resolve(words)));

  const lastWords = () => readFileSync(logFile, 'utf8').trim().split('\n').slice(-15).join('\n');
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
