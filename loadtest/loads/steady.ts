import type { Load } from './load.ts';

/** The constant load of an ordinary hour, for a minute. */
export const steady: Load = { rate: 50, seconds: 60, from: 1, stages: [[1, 1]] };
