// Which calls a server accepts. A call that cannot be finished before its deadline is refused at once: its caller can still
// ask another server, and this one spends no work on an answer that arrives too late.
const SMOOTHING = 0.1;

export interface AdmissionLimits {
  /** Calls running at the same time. */
  maxRunning: number;
  /** Calls waiting for a running one to end. */
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
   * Starts the call now or when its turn comes; the caller must then report `finished`. Returns false when the queue is
   * full or the call would start too late. While fewer than `maxRunning` calls run, none is refused. A procedure that waits
   * for a scarce resource must bound its waiting calls well below `maxRunning`, or it takes all places.
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

  /** Until a call queued now is done, by Little's law: `maxRunning` calls end every `serviceMs`. */
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
