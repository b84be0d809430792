/** Upper bounds in seconds, from a cache hit to a deadline. */
export const durationBuckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

export interface Sample {
  metricName?: string;
  labels: Record<string, string | number>;
  value: number;
}

/** A histogram without labels whose observations, in milliseconds, cost no more than adding to a number. */
export class Durations {
  private readonly counts = durationBuckets.map(() => 0);
  private longer = 0;
  private sumMs = 0;

  observe(ms: number): void {
    this.sumMs += ms;
    for (let i = 0; i < durationBuckets.length; i += 1) {
      if (ms > durationBuckets[i]! * 1000) continue;
      this.counts[i]! += 1;
      return;
    }
    this.longer += 1;
  }

  /** In Prometheus' form: in seconds, with cumulative buckets. */
  *samples(name: string, labels: Sample['labels']): Generator<Sample> {
    let count = 0;
    for (const [i, le] of durationBuckets.entries()) {
      count += this.counts[i]!;
      yield { metricName: `${name}_bucket`, labels: { ...labels, le }, value: count };
    }
    count += this.longer;
    yield { metricName: `${name}_bucket`, labels: { ...labels, le: '+Inf' }, value: count };
    yield { metricName: `${name}_sum`, labels, value: this.sumMs / 1000 };
    yield { metricName: `${name}_count`, labels, value: count };
  }
}
