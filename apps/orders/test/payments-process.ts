// Starts the real payments service as a process.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const main = fileURLToPath(new URL('../../payments/dist/main.js', import.meta.url));

export async function startPaymentsProcess(env: Record<string, string>) {
  const child = spawn(process.execPath, [main], {
    env: { PATH: process.env['PATH'], NODE_ENV: 'test', PORT: '0', OPS_PORT: '0', ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = once(child, 'exit');
  const rpcPort = await new Promise<number>((resolve, reject) => {
    child.once('exit', (code) => reject(new Error(`payments ended with ${code} before it was ready`)));
    createInterface(child.stdout).on('line', (line) => {
      const { msg, rpcPort } = JSON.parse(line) as { msg: string; rpcPort: number };
      if (msg === 'ready') resolve(rpcPort);
    });
  });
  return {
    address: `127.0.0.1:${rpcPort}`,
    async stop(signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM') {
      child.kill(signal);
      await exited;
    },
  };
}
