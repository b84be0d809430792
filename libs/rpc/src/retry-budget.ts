const EARNED_PER_CALL = 0.2;
const EARNED_PER_SECOND = 1;
/** As many as may be lost at once with one server. */
const MOST = 200;

/**
 * Retries may add a fifth to the calls there are, no more: when everything fails, trying everything again is what keeps
 * it down. A token bucket (Finagle's RetryBudget), filled by calls, and a little by time for a shop that is quiet.
 */
export class RetryBudget {
  private tokens = MOST;
  private filledAt = performance.now();

  earn(): void {
    if (this.tokens < MOST) this.tokens += EARNED_PER_CALL;
  }

  spend(): boolean {
    const now = performance.now();
    this.tokens = Math.min(MOST, this.tokens + ((now - this.filledAt) / 1000) * EARNED_PER_SECOND);
    this.filledAt = now;
    if (this.tokens < 1) return false;
    this.tokens -= 1;
    return true;
  }
}
