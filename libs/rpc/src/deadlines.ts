const SWEEP_MS = 20;

export interface Waiting {
  /** On the clock of `performance.now()`. */
  readonly deadlineAt: number;
  expire(): void;
}

/**
 * Expires what has waited past its deadline, up to 20 ms late. One timer serves all: a timer per call would cost more than
 * the rest of the call's bookkeeping.
 */
export class Deadlines {
  private readonly waiting = new Set<Waiting>();
  private timer: NodeJS.Timeout | undefined;

  add(waiting: Waiting): void {
    this.waiting.add(waiting);
    this.timer ??= setTimeout(this.sweep, SWEEP_MS);
  }

  delete(waiting: Waiting): void {
    this.waiting.delete(waiting);
  }

  private readonly sweep = (): void => {
    const now = performance.now();
    for (const waiting of this.waiting) {
      if (waiting.deadlineAt > now) continue;
      this.waiting.delete(waiting);
      waiting.expire();
    }
    this.timer = this.waiting.size > 0 ? setTimeout(this.sweep, SWEEP_MS) : undefined;
  };
}
