// Interruption of commands: the first Ctrl-C lets a command finish its work in flight, a second one ends it at once.
import { explain } from './terminal.ts';

export interface Interrupt {
  /** Aborted by the first Ctrl-C, SIGTERM or SIGHUP: finish the work in flight and end. */
  asked: AbortSignal;
  /** Aborted by a second Ctrl-C: end at once. */
  hurry: AbortSignal;
}

/** The terminal, npm and its shell each forward one Ctrl-C: signals within this time are the same keystroke. */
const SAME_KEY_MS = 1000;

/** Runs a command and exits with its code, or with 1 and an explanation when it throws. */
export async function main(work: (interrupt: Interrupt) => Promise<number>): Promise<never> {
  const asked = new AbortController();
  const hurry = new AbortController();
  // A closed terminal must not prevent an orderly stop.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});
  let firstAt: number | undefined;
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'])
    process.on(signal, () => {
      firstAt ??= performance.now();
      if (!asked.signal.aborted) asked.abort();
      else if (performance.now() - firstAt > SAME_KEY_MS) hurry.abort();
    });
  let code = 1;
  try {
    code = await work({ asked: asked.signal, hurry: hurry.signal });
  } catch (error) {
    if (!asked.signal.aborted) console.error(`\n${explain(error)}`);
    else code = 0; // stopped on request before it was up
  }
  process.exit(code);
}

export function whenAborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}
