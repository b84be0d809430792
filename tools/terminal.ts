// What the commands say on the terminal: one line a step, one clear line when something is in the way.
import { parseArgs, type ParseArgsConfig } from 'node:util';

/** A failure that is told as it stands, without a stack: it names what is wrong and the way out. */
export class Failure extends Error {
  override readonly name = 'Failure';
}

/** Steps under way; the seconds of the innermost count. */
const underWay: string[] = [];

/** Runs one step of a command with its name and duration shown; on a terminal the seconds count while it works. */
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

/** The line for a person: a Failure's own words, or what the system said about disk and permissions. */
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

/** The options of a command line; anything else on it is answered with the usage. */
export function parseOptions<const T extends NonNullable<ParseArgsConfig['options']>>(usage: string, options: T) {
  return parseCommand(usage, options, 0).values;
}

/** The words of a command line, at most so many, and its options. */
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
