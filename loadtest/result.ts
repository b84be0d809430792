// What a run writes into summary.json.

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
  /** Actions a second, at the height of the load; seconds as planned, and as it was. */
  rate: number;
  plannedSeconds: number;
  seconds: number;
  requests: number;
  requestsPerSecond: number;
  /** By name; `failed` and `right` are parts of 1. */
  flows: Record<string, Times & { failed: number; right: number; dropped: number }>;
  orderPaid?: Times;
  /** Parts of 1: what the edge answered by itself, what visitors' own copies were still right for. */
  edgeCopies?: number;
  browserCopies?: number;
  /** Answers 429. */
  rateLimited: number;
  crossed: string[];
}
