// Work that a process does by itself, again and again: sweeps and other things nobody asks for.
import { setTimeout } from 'node:timers/promises';
import { newRequestId, runInContext } from './context.js';
import type { Log } from './log.js';

export interface Repetition {
  /** For the log. */
  name: string;
  /** Between the end of one round and the start of the next, give or take a tenth so that replicas spread. */
  seconds: number;
  log: Log;
}

/** Does `work` until the answered function is called, which waits for a round under way. A round that fails is followed by the next. */
export function repeat({ name, seconds, log }: Repetition, work: () => Promise<unknown>): () => Promise<void> {
  const end = new AbortController();
  let failing = false;
  const round = async () => {
    try {
      await runInContext({ requestId: newRequestId(), deadlineAt: Infinity }, work);
      if (failing) log.info({}, `${name} works again`);
      failing = false;
    } catch (error) {
      // Told once per outage, not every round.
      if (!failing) log.warn({ err: error }, `${name} failed`);
      failing = true;
    }
  };
  const running = (async () => {
    for (;;) {
      const pause = seconds * 1000 * (0.9 + Math.random() * 0.2);
      await setTimeout(pause, undefined, { signal: end.signal, ref: false }).catch(() => undefined);
      if (end.signal.aborted) return;
      await round();
    }
  })();
  return () => {
    end.abort();
    return running;
  };
}
