// The content of summary.json.

/** Milliseconds. */
export interface Times {
  count: number;
  med: number;
  p95: number;
  p99: number;
  max: number;
}

export interface Summary {
  load: string;
  target: string;
  /** Actions per second at the peak of the load; duration as planned, and the actual one. */
  rate: number;
  plannedSeconds: number;
  seconds: number;
  requests: number;
  requestsPerSecond: number;
  /** By name; `failed` and `right` are fractions. */
  flows: Record<string, Times & { failed: number; right: number; dropped: number }>;
  orderPaid?: Times;
  /** Hit ratios, as fractions: of the edge's cache, and of browser caches (304). */
  edgeCopies?: number;
  browserCopies?: number;
  /** Number of responses with status 429. */
  rateLimited: number;
  crossed: string[];
}
