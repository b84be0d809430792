import type { Load } from './load.ts';

/** More and more until a threshold is crossed: where is the end? */
export const breakpoint: Load = { rate: 1000, seconds: 300, from: 0, stages: [[1, 1]], untilItBreaks: true };
