import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { claim } from './data-dir.ts';
import { isAlive, startTime } from './processes.ts';

let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'shop-data-'));
});
afterAll(() => rm(dir, { recursive: true, force: true }));

test('a folder that a shop runs in is refused with its address', async () => {
  const mine = await claim(dir, 'npm start');
  await expect(claim(dir, 'npm start')).rejects.toThrow(`npm start (pid ${process.pid}) works in ${dir}`);
  await mine.setAddress('http://localhost:3000');
  await expect(claim(dir, 'npm start')).rejects.toThrow('The shop runs already, at http://localhost:3000');
  await mine.release();
  await (await claim(dir, 'npm start')).release();
});

test('a folder whose launcher was killed is taken over, and what it left running is ended', async () => {
  const left = spawn('sleep', ['1000'], { stdio: 'ignore' });
  const gone = new Promise((resolve) => left.once('exit', resolve));
  const pid = left.pid!;
  // This process' number, but another process' start: as after a reboot.
  const dead = { pid: process.pid, startedAt: '1', command: 'npm start', address: 'http://localhost:3000' };
  const children = [
    { pid, startedAt: startTime(pid) },
    { pid: process.pid, startedAt: 'long ago' },
  ];
  await writeFile(join(dir, 'running.json'), JSON.stringify({ ...dead, children }));
  const mine = await claim(dir, 'npm start');
  await gone;
  expect(isAlive(pid)).toBe(false);
  expect(JSON.parse(await readFile(join(dir, 'running.json'), 'utf8'))).toMatchObject({
    pid: process.pid,
    children: [],
  });
  await mine.release();
});

test('of launchers that take over at the same time one gets the folder', async () => {
  const note = join(dir, 'running.json');
  // Ends only after another launcher has taken the folder over, as one does that was quicker than this.
  const swap = `trap 'mv "${note}.other" "${note}"; exit' TERM; echo ready; while :; do sleep 0.05; done`;
  const left = spawn('sh', ['-c', swap], { stdio: ['ignore', 'pipe', 'ignore'] });
  await once(left.stdout, 'data');
  const dead = { pid: process.pid, startedAt: '1', command: 'npm start' };
  const children = [{ pid: left.pid, startedAt: startTime(left.pid!) }];
  const other = { pid: process.pid, startedAt: startTime(process.pid), command: 'npm test', children: [] };
  await writeFile(note, JSON.stringify({ ...dead, children }));
  await writeFile(`${note}.other`, JSON.stringify(other));
  await expect(claim(dir, 'npm start')).rejects.toThrow(`npm test (pid ${process.pid}) works in ${dir}`);
  expect(JSON.parse(await readFile(note, 'utf8'))).toEqual(other);
  await rm(note);
});

test('the note is never seen half written, and nothing is left beside it', async () => {
  const seen: string[] = [];
  let isOver = false;
  const look = () => {
    try {
      seen.push(readFileSync(join(dir, 'running.json'), 'utf8'));
    } catch {
      // Not there at the moment.
    }
    if (!isOver) setImmediate(look);
  };
  look();
  for (let i = 0; i < 100; i += 1) {
    const mine = await claim(dir, 'npm start');
    await mine.setAddress('http://localhost:3000');
    await mine.release();
  }
  isOver = true;
  expect(seen.length).toBeGreaterThan(0);
  for (const note of seen) expect(JSON.parse(note)).toMatchObject({ pid: process.pid });
  expect(await readdir(dir)).toEqual([]);
});

test('a note that a crash cut off is no hindrance', async () => {
  await writeFile(join(dir, 'running.json'), '{"pid":');
  await (await claim(dir, 'npm start')).release();
});
