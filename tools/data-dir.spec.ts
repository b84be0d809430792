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

test('refuses a folder in use and names the address of its shop', async () => {
  const mine = await claim(dir, 'npm start');
  await expect(claim(dir, 'npm start')).rejects.toThrow(`npm start (pid ${process.pid}) works in ${dir}`);
  await mine.setAddress('http://localhost:3000');
  await expect(claim(dir, 'npm start')).rejects.toThrow('The shop is already running at http://localhost:3000');
  await mine.release();
  await (await claim(dir, 'npm start')).release();
});

test('takes over the folder of a killed launcher and ends the processes it left', async () => {
  const left = spawn('sleep', ['1000'], { stdio: 'ignore' });
  const gone = new Promise((resolve) => left.once('exit', resolve));
  const pid = left.pid!;
  // The pid of this process with another start time, as after a reboot.
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

test('gives the folder to one of several launchers that take over at the same time', async () => {
  const note = join(dir, 'running.json');
  // Ends only after another, faster launcher has taken over the folder.
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

test('writes the note atomically and leaves no other files', async () => {
  const seen: string[] = [];
  let isOver = false;
  const look = () => {
    try {
      seen.push(readFileSync(join(dir, 'running.json'), 'utf8'));
    } catch {
      // Between two claims there is none.
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

test('ignores a note that a crash has truncated', async () => {
  await writeFile(join(dir, 'running.json'), '{"pid":');
  await (await claim(dir, 'npm start')).release();
});
