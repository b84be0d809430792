/** The rate of actions over time. All loads are open: actions begin at their rate however fast the shop responds. */
export interface Load {
  /** Actions per second at the peak; overridden by RATE. */
  rate: number;
  /** Duration; overridden by DURATION. */
  seconds: number;
  /** The fraction of the rate at the beginning. */
  from: number;
  /** Fractions of the duration, with the fraction of the rate reached at the end of each; a time of 0 is a step. */
  stages: readonly (readonly [time: number, rate: number])[];
  /** Factor on the allowed durations. */
  patience?: number;
  /** Minimum number of actions of each flow, however rare it is. */
  atLeast?: number;
  /** Ends as soon as a threshold is crossed. */
  untilFailure?: boolean;
}
