// A bulkhead: what strangers may ask for gets some of a pool's connections, so that checkout always finds one.
import { currentContext, runInContext } from './context.js';
import { AppError } from './errors.js';
import { Admission } from './rpc/admission.js';

/**
 * How many may wait, for each that runs. Those that wait hold places of the RPC server as well (100), which are checkout's
 * too: with the default pool 25 at most.
 */
const QUEUED_PER_RUNNING = 4;

export class PoolShare {
  private readonly admission: Admission;

  /** Half of a pool of `poolSize` connections. */
  constructor(poolSize: number) {
    const maxRunning = Math.max(1, Math.floor(poolSize / 2));
    this.admission = new Admission({ maxRunning, maxQueued: maxRunning * QUEUED_PER_RUNNING });
  }

  /**
   * Runs `work`, which uses one connection at a time, now or when its turn comes. `overloaded` at once when too many wait, or
   * when its turn would come after its caller's deadline.
   */
  run<T>(work: () => Promise<T>): Promise<T> {
    const context = currentContext();
    const deadlineAt = context?.deadlineAt ?? Infinity;
    return new Promise((resolve, reject) => {
      const start = () => {
        const startedAt = performance.now();
        // When it has waited, this is called in the context of the request that has just ended.
        const answer = context ? runInContext(context, work) : work();
        const finished = () => this.admission.finished(performance.now() - startedAt);
        answer.finally(finished).then(resolve, reject);
      };
      const drop = () => reject(new AppError('unavailable', 'The deadline passed in the queue'));
      if (!this.admission.admit({ start, drop, deadlineAt }, performance.now()))
        reject(new AppError('overloaded', undefined, {}, 1));
    });
  }
}
