// Figures of a proof, for its report.
import { appendFileSync } from 'node:fs';
import { inject } from 'vitest';

declare module 'vitest' {
  interface ProvidedContext {
    /** A file with a line of JSON per note. */
    notes: string | undefined;
  }
}

export function note(part: string, figures: Record<string, unknown>): void {
  console.log(part, figures);
  const file = inject('notes');
  if (file) appendFileSync(file, `${JSON.stringify({ part, figures })}\n`);
}
