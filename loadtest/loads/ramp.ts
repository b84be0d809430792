import type { Load } from './load.ts';

/** A morning: more and more, then as many as that. */
export const ramp: Load = {
  rate: 100,
  seconds: 120,
  from: 0,
  stages: [
    [0.75, 1],
    [0.25, 1],
  ],
};
