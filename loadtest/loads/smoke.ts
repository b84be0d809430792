import type { Load } from './load.ts';

/** Does everything work at all? On any machine, however busy: ten times the usual time is allowed. */
export const smoke: Load = { rate: 10, seconds: 15, from: 1, stages: [[1, 1]], patience: 10, atLeast: 6 };
