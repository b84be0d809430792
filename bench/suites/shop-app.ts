// One process of the shop, for a benchmark: run like the launcher runs it, on ports of its own.
import { spawn } from 'node:child_process';
import { nodeFlags } from '@shop/tools/node-flags';
import { freePort } from '@shop/tools/ports';
import { until } from '@shop/tools/processes';

export interface ShopApp {
  pid: number;
  /** The public door, of a process that has one. */
  url: string;
  opsUrl: string;
  /** For <SERVICE>_ADDRESSES. */
  rpcAddress: string;
  /** From the start of the process to its first ready answer. */
  readySeconds: number;
  stop(): Promise<unknown>;
}

/** Starts apps/`name` and waits until it is ready. `log` is a file descriptor. */
export async function startApp(name: string, env: NodeJS.ProcessEnv, log: number): Promise<ShopApp> {
  const [port, opsPort, rpcPort] = [await freePort(), await freePort(), await freePort()];
  const ports = { PORT: String(port), OPS_PORT: String(opsPort), RPC_PORT: String(rpcPort) };
  const main = new URL(`../../apps/${name}/dist/main.js`, import.meta.url).pathname;
  const startedAt = performance.now();
  const child = spawn(process.execPath, [...nodeFlags, main], {
    env: { ...process.env, SEED_PICTURES: 'off', ...env, ...ports },
    stdio: ['ignore', log, 'inherit'],
  });
  const gone = new Promise((resolve) => child.once('exit', resolve));
  const stop = () => {
    child.kill('SIGTERM');
    return gone;
  };
  const ready = () =>
    fetch(`http://127.0.0.1:${opsPort}/readyz`).then(
      ({ ok }) => ok,
      () => child.exitCode !== null,
    );
  if (!(await until(ready, 60_000, 10)) || child.exitCode !== null) {
    await stop();
    throw new Error(`${name} does not get ready`);
  }
  const readySeconds = (performance.now() - startedAt) / 1000;
  const [url, opsUrl] = [`http://127.0.0.1:${port}`, `http://127.0.0.1:${opsPort}`];
  return { pid: child.pid!, url, opsUrl, rpcAddress: `127.0.0.1:${rpcPort}`, readySeconds, stop };
}
