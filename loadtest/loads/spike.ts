import type { Load } from './load.ts';

/** A newsletter: ten times the load from one second to the next, then the usual load again. */
export const spike: Load = {
  rate: 200,
  seconds: 60,
  from: 0.1,
  stages: [
    [0.3, 0.1],
    [0, 1],
    [0.3, 1],
    [0, 0.1],
    [0.4, 0.1],
  ],
};
