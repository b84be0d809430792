const WINDOW_MS = 60_000;

/**
 * How long ago calls were sent, without synchronised clocks. The clocks of sender and receiver differ by a constant, so the
 * smallest difference seen on a connection belongs to a call that arrived without delay; a larger difference is time spent
 * in buffers (LEDBAT, RFC 6817, measures queues the same way). A server that was stopped or flooded thus recognises calls
 * whose callers gave up long ago.
 */
export class CallAge {
  private least = Infinity;
  private previousLeast = Infinity;
  private windowEndsAt = -Infinity;

  /** In milliseconds. Clocks drift, so only the last one to two minutes count. */
  of(sentAt: number, now: number): number {
    const difference = now - sentAt;
    if (now > this.windowEndsAt) {
      this.windowEndsAt = now + WINDOW_MS;
      this.previousLeast = this.least;
      this.least = difference;
    }
    if (difference < this.least) this.least = difference;
    return difference - Math.min(this.least, this.previousLeast);
  }
}
