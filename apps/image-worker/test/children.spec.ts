// Where no process can be started.
import { expect, test } from 'vitest';
import { Children } from '../src/children.js';

test.each([
  ['does not come up', '/nowhere/node'],
  ['cannot even be tried', ''],
])('a process that %s is an outage: the picture waits', async (_, program) => {
  const { execPath } = process;
  process.execPath = program;
  try {
    const task = { picture: 'ab'.repeat(32), bytes: Buffer.alloc(0), done: {} };
    const run = new Children().takeSteps(task, new AbortController().signal);
    await expect(run.next()).rejects.toMatchObject({ code: 'unavailable' });
  } finally {
    process.execPath = execPath;
  }
});
