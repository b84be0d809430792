// Figures that a test adds to the report.
import { appendFileSync } from 'node:fs';
import { basename } from 'node:path';
import { expect, inject } from 'vitest';

declare module 'vitest' {
  interface ProvidedContext {
    /** A file with one line of JSON per note. */
    notes: string | undefined;
  }
}

export function note(what: string, figures: Record<string, unknown>): void {
  console.log(what, figures);
  const notes = inject('notes');
  const file = basename(expect.getState().testPath ?? '');
  if (notes) appendFileSync(notes, `${JSON.stringify({ file, what, figures })}\n`);
}
