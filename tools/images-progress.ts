// Reports how many of the demo shop's images are processed, which happens while the shop serves already.
import { setTimeout } from 'node:timers/promises';

const EVERY_MS = 5000;

/** A line now and then, until all are done or `end` is aborted; none when there is nothing to do. */
export async function followImages(opsUrl: string, end: AbortSignal, everyMs = EVERY_MS): Promise<void> {
  let told = '';
  try {
    for (;;) {
      const { done, all } = await count(opsUrl, end);
      const line = `  Images: ${done} of ${all}`;
      const isDone = all > 0 && done === all;
      if (line !== told && (told || (all > 0 && !isDone))) console.log((told = line));
      if (isDone) return;
      await setTimeout(everyMs, undefined, { signal: end, ref: false });
    }
  } catch {
    // It ends, or has no such metrics.
  }
}

/** Out of the catalog's metrics: what is not ready is in the queue. */
async function count(opsUrl: string, signal: AbortSignal): Promise<{ done: number; all: number }> {
  const text = await (await fetch(`${opsUrl}/metrics`, { signal })).text();
  const value = (name: string) =>
    Number(
      text
        .split('\n')
        .find((line) => line.startsWith(`${name} `))
        ?.split(' ')[1] ?? 0,
    );
  const done = value('pictures{status="ready"}') + value('pictures{status="failed"}');
  return { done, all: done + value('queue_depth{queue="image-worker"}') };
}
