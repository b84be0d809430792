// Services as processes of their own, to be stopped and killed.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

export interface ServiceProcess {
  pid: number;
  opsUrl: string;
  rpcPort: number;
  /** Resolves when it has ended, however. */
  exited: Promise<unknown>;
  /** Every line of its log, parsed. */
  log: { msg: string; level: number }[];
  isRunning(): boolean;
  stop(signal?: 'SIGTERM' | 'SIGKILL'): Promise<void>;
}

/** Answers when it serves. */
export async function startProcess(name: string, env: Record<string, string>): Promise<ServiceProcess> {
  const main = fileURLToPath(new URL(`../../${name}/dist/main.js`, import.meta.url));
  const child = spawn(process.execPath, [main], {
    env: { PATH: process.env['PATH'], NODE_ENV: 'test', OPS_PORT: '0', ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = once(child, 'exit');
  const log: ServiceProcess['log'] = [];
  const ready = await new Promise<{ opsUrl: string; rpcPort: number }>((resolve, reject) => {
    child.once('exit', (code) => reject(new Error(`${name} ended with ${code} before it was ready`)));
    createInterface(child.stdout).on('line', (text) => {
      const line = JSON.parse(text) as { msg: string; level: number; opsUrl: string; rpcPort: number };
      log.push(line);
      if (line.msg === 'ready') resolve(line);
    });
  });
  return {
    ...{ pid: child.pid!, opsUrl: ready.opsUrl, rpcPort: ready.rpcPort, exited, log },
    isRunning: () => child.exitCode === null && child.signalCode === null,
    async stop(signal = 'SIGTERM') {
      child.kill(signal);
      await exited;
    },
  };
}

/** Its children that live. Linux only. */
export function childrenOf(pid: number): number[] {
  try {
    return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').filter(Boolean).map(Number);
  } catch {
    return [];
  }
}

/** CPU time it has used, in seconds; 0 when it is gone. Linux only, where it is counted in hundredths. */
export function cpuSecondsOf(pid: number): number {
  try {
    const [, , , , , , , , , , , user, system] = readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /s, '')
      .split(' ');
    return (Number(user) + Number(system)) / 100;
  } catch {
    return 0;
  }
}
