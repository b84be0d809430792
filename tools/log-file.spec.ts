import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { forLines, openLog, type LogLimits } from './log-file.ts';

let dir: string;
let path: string;

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'shop-log-'));
  path = join(dir, 'shop.log');
});
afterEach(() => rm(dir, { recursive: true }));

const LINES = 20_000;

/** A process that writes numbered lines in pieces that may end in the middle of a character. */
function writer(name: string) {
  const script = `
    const { writeSync } = require('node:fs');
    let text = '';
    for (let i = 0; i < ${LINES}; i++) text += JSON.stringify({ name: '${name}', i, pad: 'ü'.repeat(i % 60) }) + '\\n';
    const bytes = Buffer.from(text);
    for (let at = 0, step = 1; at < bytes.length; at += step, step = 1 + (step * 7919) % 30011)
      for (let done = at, end = Math.min(at + step, bytes.length); done < end;)
        try { done += writeSync(1, bytes, done, end - done); } catch (error) { if (error.code !== 'EAGAIN') throw error; }
  `;
  return spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
}

/** All lines of the log, oldest first. */
async function linesOf(files: number): Promise<{ name: string; i: number }[]> {
  const names = Array.from({ length: files }, (_, age) => (age === 0 ? path : `${path}.${age}`)).reverse();
  const texts = await Promise.all(names.filter((name) => existsSync(name)).map((name) => readFile(name, 'utf8')));
  return texts
    .join('')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as { name: string; i: number });
}

async function logOf(writers: ReturnType<typeof writer>[], limits: LogLimits) {
  const log = openLog(path, limits);
  await Promise.all(writers.map(({ stdout }) => forLines(stdout, (lines) => log.write(lines))));
  log.close();
}

test('loses, tears and reorders no line while several processes write and files rotate', async () => {
  const names = ['catalog', 'orders', 'payments'];
  await logOf(names.map(writer), { maxBytes: 400_000, files: 100 });
  expect((await readdir(dir)).length).toBeGreaterThan(10);
  const lines = await linesOf(100);
  const inOrder = Array.from({ length: LINES }, (_, i) => i);
  for (const name of names) expect(lines.filter((line) => line.name === name).map(({ i }) => i)).toEqual(inOrder);
  expect(lines.length).toBe(names.length * LINES);
});

test('keeps the newest lines within the limits on number and size of files', async () => {
  await logOf([writer('catalog')], { maxBytes: 200_000, files: 3 });
  expect((await readdir(dir)).sort()).toEqual(['shop.log', 'shop.log.1', 'shop.log.2']);
  for (const name of await readdir(dir)) expect((await stat(join(dir, name))).size).toBeLessThanOrEqual(200_000);
  const lines = await linesOf(3);
  const newest = Array.from({ length: lines.length }, (_, i) => LINES - lines.length + i);
  expect(lines.map(({ i }) => i)).toEqual(newest);
});

test('keeps the log of the previous run', async () => {
  await writeFile(path, 'before\n');
  const log = openLog(path);
  log.write(Buffer.from('now\n'));
  log.close();
  expect(await readFile(path, 'utf8')).toBe('now\n');
  expect(await readFile(`${path}.1`, 'utf8')).toBe('before\n');
});

test('completes a last line without an end', async () => {
  const child = spawn(process.execPath, ['-e', `process.stdout.write('a\\nb')`], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const taken: string[] = [];
  await forLines(child.stdout, (lines) => taken.push(lines.toString()));
  expect(taken.join('')).toBe('a\nb\n');
});
