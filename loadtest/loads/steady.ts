import type { Load } from './load.ts';

/** An ordinary hour, in a minute. */
export const steady: Load = { rate: 50, seconds: 60, from: 1, stages: [[1, 1]] };
