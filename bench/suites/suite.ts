/** The figures of a suite for the table of all suites: what was measured, and `median (minimum–maximum)` or similar. */
export type Figures = [what: string, figure: string][];
