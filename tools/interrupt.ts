// Ending a command from outside: the first Ctrl-C asks it to finish, a later one to hurry.
import { explain } from './terminal.ts';

export interface Interrupt {
  /** Aborted by the first Ctrl-C, SIGTERM or SIGHUP: finish what is in flight and end. */
  asked: AbortSignal;
  /** Aborted by a second Ctrl-C: end at once. */
  hurry: AbortSignal;
}

/** npm, its shell and the terminal all pass one Ctrl-C on: what follows so soon is the same key. */
const SAME_KEY_MS = 1000;

/** Runs a command to its exit code; one that throws has failed and its error is explained. */
export async function main(work: (interrupt: Interrupt) => Promise<number>): Promise<never> {
  const asked = new AbortController();
  const hurry = new AbortController();
  // A terminal that is closed must not keep us from ending things in their order.
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
    // Whoever stopped it before it was up got what they asked for.
    else code = 0;
  }
  process.exit(code);
}

export function whenAborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}
