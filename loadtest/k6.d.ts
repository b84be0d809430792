/** What k6 gives every script and its types leave out. */
declare const console: { warn(...words: unknown[]): void };
