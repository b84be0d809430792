// One process of the shop on free ports, for a benchmark.
import { join } from 'node:path';
import { freePort } from '@shop/tools/ports';
import { startProcess } from '@shop/tools/service-process';

export interface ShopApp {
  pid: number;
  /** URL of the public HTTP server, for a process that has one. */
  url: string;
  opsUrl: string;
  /** For <SERVICE>_ADDRESSES. */
  rpcAddress: string;
  /** From the start of the process until it is ready. */
  readySeconds: number;
  stop(): Promise<void>;
}

/** Starts apps/`app` and waits until it is ready; its log is written below `dir`. */
export async function startApp(app: string, env: NodeJS.ProcessEnv, dir: string): Promise<ShopApp> {
  const [port, opsPort, rpcPort] = [await freePort(), await freePort(), await freePort()];
  const ports = { PORT: String(port), OPS_PORT: String(opsPort), RPC_PORT: String(rpcPort) };
  const [url, opsUrl] = [`http://127.0.0.1:${port}`, `http://127.0.0.1:${opsPort}`];
  const startedAt = performance.now();
  const service = startProcess({
    ...{ app, label: app, opsUrl, logFile: join(dir, `${app}-${opsPort}.log`), quiet: true },
    env: { ...process.env, SEED_IMAGES: 'off', ...env, ...ports },
  });
  try {
    await service.ready();
  } catch (error) {
    await service.stop();
    throw error;
  }
  const readySeconds = (performance.now() - startedAt) / 1000;
  return {
    pid: service.pid,
    url,
    opsUrl,
    rpcAddress: `127.0.0.1:${rpcPort}`,
    readySeconds,
    stop: () => service.stop(),
  };
}
