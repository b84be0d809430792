/** Provided by k6 and missing in its types. */
declare const console: { warn(...words: unknown[]): void };
