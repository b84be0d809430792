// What a main.ts calls: runs services in this process until it is told to end.
import { problemLine } from './start-problem.js';
import { processEnv } from './kit.config.js';
import { launch } from './launch.js';
import { Log } from './log.js';
import { compactHeap } from './memory.js';
import type { Service } from './service.js';

/** Starts `services` as one process; SIGTERM and SIGINT end it gracefully. What prevents the start is said in plain words, with exit code 1. */
export async function start(...services: Service[]): Promise<void> {
  let stop = () => Promise.resolve(); // Before it is up there is nothing to finish.
  const end = () => void stop().then(() => process.exit(0));
  process.once('SIGTERM', end);
  process.once('SIGINT', end);
  try {
    const running = await launch(services, processEnv);
    stop = running.stop;
    compactHeap(); // Before the event loop turns to the first request, so that none waits for it.
    const { app, url, opsUrl, rpcPort } = running;
    const log = app.get(Log);
    const sinceStartMs = Math.round(performance.now()); // of the process: reading the sources takes longest
    log.info({ url, opsUrl, rpcPort, services: services.map(({ name }) => name), sinceStartMs }, 'ready');
    await log.flush();
  } catch (error) {
    process.stderr.write(`${problemLine(error)}\n`);
    process.exit(1);
  }
}
