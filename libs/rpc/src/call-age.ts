const WINDOW_MS = 60_000;

/**
 * How long calls took to get here, without synchronised clocks. Sender's and receiver's clocks differ by some constant,
 * so the least difference seen on a connection is that of a call that came straight away, and whatever a later call
 * shows above it, it spent waiting in buffers (LEDBAT, RFC 6817, measures queues the same way). A server that was
 * stopped or swamped thus knows which of the calls it finds were given up long ago.
 */
export class CallAge {
  private least = Infinity;
  private previousLeast = Infinity;
  private windowEndsAt = -Infinity;

  /** Milliseconds. Clocks drift, so only the last one to two minutes count. */
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
