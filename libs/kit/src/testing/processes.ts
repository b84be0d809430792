// Services as processes of their own, to be stopped and killed.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { ServiceName } from '@shop/contracts/services';

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

/** Runs what was built of it; answers when it serves. */
export async function startProcess(name: ServiceName, env: Record<string, string>): Promise<ServiceProcess> {
  const main = fileURLToPath(new URL(`../../../../apps/${name}/dist/main.js`, import.meta.url));
  const child = spawn(process.execPath, [main], {
    env: { NODE_ENV: 'test', OPS_PORT: '0', ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = once(child, 'exit');
  const log: ServiceProcess['log'] = [];
  const ready = await new Promise<{ opsUrl: string; rpcPort: number }>((resolve, reject) => {
    child.once('exit', (code, signal) => reject(new Error(`${name} ended with ${code ?? signal} before it was ready`)));
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
