// The terminal output of commands: one line per step, and one clear line for an expected failure.
import { parseArgs, type ParseArgsConfig } from 'node:util';

/** An expected failure, shown without a stack: its message names the problem and a way out. */
export class Failure extends Error {
  override readonly name = 'Failure';
}

/** Steps under way; the innermost is shown with its seconds. */
const underWay: string[] = [];

/** Runs one step of a command and shows its name and duration; on a terminal the seconds count up meanwhile. */
export async function step<T>(name: string, work: () => Promise<T>): Promise<T> {
  const startedAt = performance.now();
  const seconds = () => `${((performance.now() - startedAt) / 1000).toFixed(1)} s`;
  const live = process.stdout.isTTY;
  const draw = () => underWay.at(-1) === name && process.stdout.write(`\r\x1b[2K  ${name} … ${seconds()}`);
  underWay.push(name);
  const ticking = live ? setInterval(draw, 100) : undefined;
  if (live) draw();
  try {
    const result = await work();
    process.stdout.write(`${live ? '\r\x1b[2K' : ''}✓ ${name} (${seconds()})\n`);
    return result;
  } catch (error) {
    process.stdout.write(`${live ? '\r\x1b[2K' : ''}✗ ${name} (${seconds()})\n`);
    throw error;
  } finally {
    clearInterval(ticking);
    underWay.pop();
  }
}

/** The message for users: that of a Failure, or an explanation of an error of the disk or of permissions. */
export function explain(error: unknown): string {
  if (error instanceof Failure) return error.message;
  const { code, path, message, stack } = error as NodeJS.ErrnoException;
  const POSTGRES_DISK_FULL = '53100';
  if (code === 'ENOSPC' || code === POSTGRES_DISK_FULL)
    return `The disk is full${path ? ` (writing ${path})` : ''}. Nothing was lost; free some space and try again.`;
  if (code === 'EACCES' || code === 'EPERM')
    return `Not allowed: ${message}. Choose another folder with DATA_DIR=…, or change its owner.`;
  if (code === 'EEXIST' || code === 'ENOTDIR') return `Not a folder: ${path}. Choose another one with DATA_DIR=….`;
  if (code === 'EROFS') return `The file system is read-only: ${message}. Choose another folder with DATA_DIR=….`;
  return stack ?? String(error);
}

/** The options of a command line. Anything else on it fails with the usage. */
export function parseOptions<const T extends NonNullable<ParseArgsConfig['options']>>(usage: string, options: T) {
  return parseCommand(usage, options, 0).values;
}

/** The options of a command line and its words, at most `mostWords`. */
export function parseCommand<const T extends NonNullable<ParseArgsConfig['options']>>(
  usage: string,
  options: T,
  mostWords: number,
) {
  try {
    const { values, positionals } = parseArgs({ options, allowPositionals: mostWords > 0 });
    if (positionals.length > mostWords) throw new Error(`"${positionals[mostWords]}" is one word too many`);
    return { values, words: positionals };
  } catch (error) {
    throw new Failure(`${(error as Error).message.split('. ')[0]}. Usage: ${usage}`);
  }
}
