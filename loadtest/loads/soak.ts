import type { Load } from './load.ts';

/** For hours: what leaks, fills up or runs out shows only then. */
export const soak: Load = { rate: 20, seconds: 2 * 3600, from: 1, stages: [[1, 1]] };
