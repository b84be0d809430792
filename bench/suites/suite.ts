/** What a suite found, for the table of all: what was measured, and `median (least–most)` or the like. */
export type Figures = [what: string, figure: string][];
