// Work that a process does by itself, again and again: sweeps and other things nobody asks for.
import { setTimeout } from 'node:timers/promises';
import { newRequestId, runInContext } from '@shop/rpc/context';
import type { Log } from './log.js';

export interface Repetition {
  /** For the log. */
  name: string;
  /** Between the end of one round and the start of the next, give or take a tenth so that replicas spread. */
  seconds: number;
  log: Log;
}

/**
 * Does `work` again and again until the answered function is called, which waits for a round under way. A round that
 * answers true has left work behind: the next one follows at once. One that fails is followed by the next as usual.
 */
export function repeat({ name, seconds, log }: Repetition, work: () => Promise<boolean>): () => Promise<void> {
  const end = new AbortController();
  let failing = false;
  const round = async (): Promise<boolean> => {
    try {
      const more = await runInContext({ requestId: newRequestId(), deadlineAt: Infinity }, work);
      if (failing) log.info({}, `${name} works again`);
      failing = false;
      return more;
    } catch (error) {
      // Told once per outage, not every round.
      if (!failing) log.warn({ err: error }, `${name} failed`);
      failing = true;
      return false;
    }
  };
  const running = (async () => {
    let more = false;
    while (!end.signal.aborted) {
      if (!more) {
        const pause = seconds * 1000 * (0.9 + Math.random() * 0.2);
        await setTimeout(pause, undefined, { signal: end.signal, ref: false }).catch(() => undefined);
      }
      if (!end.signal.aborted) more = await round();
    }
  })();
  return () => {
    end.abort();
    return running;
  };
}
