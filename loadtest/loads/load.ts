/** How many come, and when. All are open: people come whether the shop is quick or not. */
export interface Load {
  /** Visitors' actions a second when it is at its height; RATE says another. */
  rate: number;
  /** How long it goes on; DURATION says another. */
  seconds: number;
  /** Part of the rate that it begins with. */
  from: number;
  /** Part of the time, and the part of the rate that is reached at its end; 0 of the time is a jump. */
  stages: readonly (readonly [time: number, rate: number])[];
  /** How many times as long as usual an answer may take. */
  patience?: number;
  /** Every flow comes at least so often, however rare it is. */
  atLeast?: number;
  /** Ends as soon as a threshold is crossed. */
  untilItBreaks?: boolean;
}
