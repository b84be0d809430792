import type { Load } from './load.ts';

/** Checks that everything works on any machine, however busy: durations may be ten times the usual limits. */
export const smoke: Load = { rate: 10, seconds: 15, from: 1, stages: [[1, 1]], patience: 10, atLeast: 6 };
