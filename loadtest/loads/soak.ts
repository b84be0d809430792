import type { Load } from './load.ts';

/** Hours of load, which reveal leaks and exhausted resources. */
export const soak: Load = { rate: 20, seconds: 2 * 3600, from: 1, stages: [[1, 1]] };
