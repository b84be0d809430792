// Child processes that cannot be started.
import { expect, test } from 'vitest';
import { Children } from '../src/children.js';

test.each([
  ['fails to start', '/nowhere/node'],
  ['cannot be spawned', ''],
])('a child process that %s counts as an outage, so its image waits', async (_, program) => {
  const { execPath } = process;
  process.execPath = program;
  try {
    const task = { hash: 'ab'.repeat(32), bytes: Buffer.alloc(0), done: {} };
    const run = new Children().takeSteps(task, new AbortController().signal);
    await expect(run.next()).rejects.toMatchObject({ code: 'unavailable' });
  } finally {
    process.execPath = execPath;
  }
});
