// What every flow must keep, under any load but smoke: these decide the exit code.

export interface Limit {
  /** Milliseconds within which 95 and 99 of 100 requests are answered. */
  p95: number;
  p99: number;
  /** How long one action takes when all is well, in seconds: says how many virtual users are made beforehand. */
  takes: number;
}

export const limits = {
  browse: { p95: 100, p99: 250, takes: 0.01 },
  search: { p95: 150, p99: 400, takes: 0.03 },
  cart: { p95: 150, p99: 400, takes: 0.05 },
  // A password costs tens of milliseconds of CPU, on purpose.
  account: { p95: 500, p99: 1000, takes: 0.3 },
  order: { p95: 250, p99: 600, takes: 0.5 },
  upload: { p95: 500, p99: 1000, takes: 3 },
} satisfies Record<string, Limit>;

export type FlowName = keyof typeof limits;

/** From the answer 202 to paid, in milliseconds. */
export const paidWithin = { p95: 1000, p99: 2500 };

/** The part of requests, answers and actions that may be lost. */
export const errorBudget = 0.001;
/** Actions that could not begin, for want of virtual users: the shop, or this machine, was too slow. */
export const droppedBudget = 0.01;
