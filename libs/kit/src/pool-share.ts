import { Admission } from '@shop/rpc/admission';
import { currentContext, runInContext } from '@shop/rpc/context';
import { AppError } from '@shop/rpc/errors';
// A bulkhead: public reads get only part of a pool's connections, so that checkout always finds one.

export interface PoolShareOptions {
  /** Of the pool. */
  connections: number;
  /** Its part, between 0 and 1. */
  share: number;
  /** Those that wait hold places of the RPC server as well (100), which are checkout's too. */
  maxQueued: number;
  /** None waits for longer. */
  maxWaitMs?: number;
}

export class PoolShare {
  private readonly admission: Admission;
  private readonly maxWaitMs: number;

  constructor({ connections, share, maxQueued, maxWaitMs = Infinity }: PoolShareOptions) {
    this.maxWaitMs = maxWaitMs;
    this.admission = new Admission({ maxRunning: Math.max(1, Math.floor(connections * share)), maxQueued });
  }

  /**
   * Runs `work`, which uses one connection at a time, now or when its turn comes. `overloaded` at once when too many wait, or
   * when its turn would come too late.
   */
  run<T>(work: () => Promise<T>): Promise<T> {
    const context = currentContext();
    const now = performance.now();
    const deadlineAt = Math.min(context?.deadlineAt ?? Infinity, now + this.maxWaitMs);
    return new Promise((resolve, reject) => {
      const start = () => {
        const startedAt = performance.now();
        // When it has waited, this is called in the context of the request that has just ended.
        const answer = context ? runInContext(context, work) : work();
        const finished = () => this.admission.finished(performance.now() - startedAt);
        answer.finally(finished).then(resolve, reject);
      };
      const refuse = () => reject(new AppError('overloaded', undefined, {}, 1));
      if (!this.admission.admit({ start, drop: refuse, deadlineAt }, now)) refuse();
    });
  }
}
