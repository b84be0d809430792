const EARNED_PER_CALL = 0.2;
const EARNED_PER_SECOND = 1;
/** Enough for the calls that one lost server had in flight. */
const MAX_TOKENS = 200;

/**
 * Limits retries to a fifth of the calls, because retrying everything while everything fails prolongs an outage. A token
 * bucket (Finagle's RetryBudget), filled by calls, and slowly by time for a shop with little traffic.
 */
export class RetryBudget {
  private tokens = MAX_TOKENS;
  private filledAt = performance.now();

  earn(): void {
    if (this.tokens < MAX_TOKENS) this.tokens += EARNED_PER_CALL;
  }

  spend(): boolean {
    const now = performance.now();
    this.tokens = Math.min(MAX_TOKENS, this.tokens + ((now - this.filledAt) / 1000) * EARNED_PER_SECOND);
    this.filledAt = now;
    if (this.tokens < 1) return false;
    this.tokens -= 1;
    return true;
  }
}
