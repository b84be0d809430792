import { AppError } from '@shop/rpc/errors';
// A limit for an answer that has none of its own.

/**
 * Rejects with `unavailable` when there is no answer after so many milliseconds. A process that was held up, because its share
 * of CPU was used up, finds its timers due before it looks at its sockets: what came meanwhile still counts.
 */
export function withTimeout<T>(answer: Promise<T>, ms: number): Promise<T> {
  answer.catch(() => undefined);
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => setImmediate(() => reject(new AppError('unavailable', `no answer in ${ms} ms`))),
      ms,
    ).unref();
  });
  // A timer that was left would still make its error, with a stack, for every answer there is.
  return Promise.race([answer, late]).finally(() => clearTimeout(timer));
}
