// Which calls a server takes on. Work that cannot be finished before its caller has gone is best refused at once: the
// caller can still ask another server, and this one spends nothing on answers nobody waits for.
const SMOOTHING = 0.1;

export interface AdmissionLimits {
  /** Calls running at once. */
  maxRunning: number;
  /** Calls waiting for one of those to end. */
  maxQueued: number;
}

export const defaultAdmissionLimits: AdmissionLimits = { maxRunning: 100, maxQueued: 1000 };

interface Queued {
  start: () => void;
  drop: () => void;
  deadlineAt: number;
}

export class Admission {
  private running = 0;
  private queue: Queued[] = [];
  /** Exponentially weighted moving average of how long a call runs, in milliseconds. */
  private serviceMs = 0;

  constructor(private readonly limits: AdmissionLimits) {}

  get load(): number {
    return this.running + this.queue.length;
  }

  /**
   * Starts the call now or when its turn comes, and then `finished` must follow; false when it would be too late by then.
   * A free place is never refused, whatever the average says. Nobody's places are kept for them, though: a procedure that
   * waits for something scarce must bound how many wait, well under `maxRunning`, or it holds all places.
   * `drop` is called instead of `start` for a call whose deadline passed in the queue.
   */
  admit(call: Queued, now: number): boolean {
    if (this.running < this.limits.maxRunning) {
      this.running += 1;
      call.start();
      return true;
    }
    if (this.queue.length >= this.limits.maxQueued || now + this.expectedMs() > call.deadlineAt) return false;
    this.queue.push(call);
    return true;
  }

  finished(tookMs: number): void {
    this.serviceMs += SMOOTHING * (tookMs - this.serviceMs);
    this.running -= 1;
    if (this.queue.length > 0) this.startNext();
  }

  /** Little's law: `maxRunning` calls leave every `serviceMs`; then it runs itself. */
  private expectedMs(): number {
    return this.serviceMs * (1 + (this.queue.length + 1) / this.limits.maxRunning);
  }

  private startNext(): void {
    const now = performance.now();
    for (let next = this.queue.shift(); next; next = this.queue.shift()) {
      if (next.deadlineAt > now) {
        this.running += 1;
        next.start();
        return;
      }
      next.drop();
    }
  }
}
