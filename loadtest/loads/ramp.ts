import type { Load } from './load.ts';

/** Increases to the rate, then holds it. */
export const ramp: Load = {
  rate: 100,
  seconds: 120,
  from: 0,
  stages: [
    [0.75, 1],
    [0.25, 1],
  ],
};
