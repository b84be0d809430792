// A log file that rotates: before `shop.log` exceeds its limit it is renamed to `shop.log.1`, that one to `shop.log.2`, and
// the oldest is removed.
import { closeSync, existsSync, mkdirSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Readable } from 'node:stream';

export interface LogLimits {
  /** Per file. */
  maxBytes: number;
  /** Including the one being written. */
  files: number;
}

export interface LogFile {
  /** Takes complete lines. Lines that cannot be written, as on a full disk, are dropped. */
  write(lines: Buffer): void;
  close(): void;
}

const LIMITS: LogLimits = { maxBytes: 10_000_000, files: 3 };

/** The log of an earlier run is kept as the next older file. */
export function openLog(path: string, { maxBytes, files }: LogLimits = LIMITS): LogFile {
  let fd: number | undefined;
  let bytes = 0;
  let broken = false;
  const close = () => {
    if (fd !== undefined) closeSync(fd);
    fd = undefined;
  };
  const rotate = () => {
    close();
    const name = (age: number) => (age === 0 ? path : `${path}.${age}`);
    rmSync(name(files - 1), { force: true });
    for (let age = files - 1; age > 0; age--) if (existsSync(name(age - 1))) renameSync(name(age - 1), name(age));
    bytes = 0;
  };
  mkdirSync(dirname(path), { recursive: true });
  rotate();
  fd = openSync(path, 'a');
  return {
    write(lines) {
      try {
        if (bytes > 0 && bytes + lines.length > maxBytes) rotate();
        fd ??= openSync(path, 'a');
        for (let done = 0; done < lines.length;) done += writeSync(fd, lines, done);
        bytes += lines.length;
        broken = false;
      } catch (error) {
        if (!broken) console.error(`Lines of ${path} are lost: ${(error as Error).message}`);
        broken = true;
      }
    },
    close,
  };
}

/** Longer lines are passed on in parts: output without line ends must not fill the memory. */
const LONGEST_LINE = 1_000_000;

/** Passes on complete lines; a last line without an end gets one. Resolves when the stream has closed. */
export function forLines(stream: Readable, take: (lines: Buffer) => void): Promise<void> {
  let rest = Buffer.alloc(0);
  stream.on('data', (chunk: Buffer) => {
    const all = rest.length > 0 ? Buffer.concat([rest, chunk]) : chunk;
    const end = all.length > LONGEST_LINE ? all.length : all.lastIndexOf('\n') + 1;
    if (end > 0) take(all.subarray(0, end));
    rest = Buffer.from(all.subarray(end));
  });
  return new Promise((resolve) =>
    stream.once('close', () => {
      if (rest.length > 0) take(Buffer.concat([rest, Buffer.from('\n')]));
      resolve();
    }),
  );
}
