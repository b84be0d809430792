// What autoscalers scale by: work that is not done, per queue, asked for when it is scraped.
import { gauge } from './metrics.js';

const queues = new Map<string, () => Promise<number>>();

/** Exports `queue_depth` of a queue from this process. While `depth` cannot be read the queue is left out. */
export function exportQueueDepth(queue: string, depth: () => Promise<number>): void {
  queues.set(queue, depth);
  const metric = gauge('queue_depth', 'Jobs waiting, running, or to be tried again', ['queue']);
  const collect = async () => {
    const known = await Promise.allSettled([...queues].map(async ([name, read]) => [name, await read()] as const));
    metric.reset();
    for (const result of known)
      if (result.status === 'fulfilled') metric.set({ queue: result.value[0] }, result.value[1]);
  };
  Object.assign(metric, { collect });
}
