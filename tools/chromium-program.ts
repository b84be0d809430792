// Finds Chromium: CHROMIUM names it, else the first one on the PATH.
import { findProgram } from './processes.ts';

export function findChromium(): string | undefined {
  const names = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];
  return process.env['CHROMIUM'] || findProgram(...names);
}

/** Chromium has no sandbox for root. */
export const chromiumArgs = ['--disable-gpu', ...(process.getuid?.() === 0 ? ['--no-sandbox'] : [])];
