// Limits of each flow. The thresholds made of them decide the exit code; the load smoke widens them.

export interface Limit {
  /** Percentiles of request durations, in milliseconds. */
  p95: number;
  p99: number;
  /** Typical duration of one action in seconds, from which the number of preallocated virtual users follows. */
  takes: number;
}

export const limits = {
  browse: { p95: 100, p99: 250, takes: 0.01 },
  search: { p95: 150, p99: 400, takes: 0.03 },
  cart: { p95: 150, p99: 400, takes: 0.05 },
  // Password hashing takes tens of milliseconds of CPU by design.
  account: { p95: 500, p99: 1000, takes: 0.3 },
  order: { p95: 250, p99: 600, takes: 0.5 },
  upload: { p95: 500, p99: 1000, takes: 3 },
} satisfies Record<string, Limit>;

export type FlowName = keyof typeof limits;

/** From the response 202 until the order is paid, in milliseconds. */
export const paidWithin = { p95: 1000, p99: 2500 };

/** The fraction of requests and checks that may fail. */
export const errorBudget = 0.001;
/** The fraction of actions that may be dropped for lack of virtual users, when the shop or this machine is too slow. */
export const droppedBudget = 0.01;
