import type { Load } from './load.ts';

/** Increases until a threshold is crossed. */
export const breakpoint: Load = { rate: 1000, seconds: 300, from: 0, stages: [[1, 1]], untilFailure: true };
