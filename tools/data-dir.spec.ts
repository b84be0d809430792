import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
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

test('a note that a crash cut off is no hindrance', async () => {
  await writeFile(join(dir, 'running.json'), '{"pid":');
  await (await claim(dir, 'npm start')).release();
});
