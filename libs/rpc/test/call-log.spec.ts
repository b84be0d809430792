// The log lines of callers and servers about calls.
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { WarningLog } from '../src/call-log.js';
import { runInContext } from '../src/context.js';
import { AppError } from '../src/errors.js';
import { Rpc } from '../src/rpc.js';
import { testRpc } from './contract.js';
import { closeAll, serve } from './local-server.js';

const open: Rpc[] = [];
let lines: object[];
let log: WarningLog;

beforeEach(() => {
  lines = [];
  const written = new Map<string, number>();
  log = {
    throttled: (kind, fields, message) => {
      written.set(kind, (written.get(kind) ?? 0) + 1);
      if (written.get(kind)! <= 10) lines.push({ ...fields, message });
    },
  };
});
afterEach(() => {
  for (const rpc of open.splice(0)) rpc.close();
  closeAll();
});

const call = (rpc: Rpc, requestId = 'request-1', ms = 0) =>
  runInContext({ requestId, deadlineAt: Infinity }, () => rpc.call(testRpc.write, { key: 'k', ms })).catch(
    ({ code }: AppError) => code,
  );

function callerOf(port: number | undefined): Rpc {
  const rpc = new Rpc({ addresses: { test: `127.0.0.1:${port}` }, log });
  open.push(rpc);
  return rpc;
}

/** Callers of a server through sockets and within the process. */
async function start(write: () => unknown) {
  const server = await serve({ write }, { log });
  return {
    remote: callerOf(server.listeningPort),
    local: new Rpc({ server, localServices: new Set(['test']), addresses: {}, log }),
  };
}

const statementCancelled = () => {
  throw Object.assign(new Error('canceling statement due to user request'), { code: '57014' });
};

it('a failed call is logged by its server and its caller with request, procedure and reason', async () => {
  const { remote } = await start(statementCancelled);
  expect(await call(remote)).toBe('unavailable');
  const failure = {
    ...{ message: 'call failed', requestId: 'request-1', callee: 'test', procedure: 'test.write' },
    ...{ code: 'unavailable', reason: '57014: canceling statement due to user request' },
    durationMs: expect.any(Number) as number,
  };
  expect(lines).toEqual([
    { ...failure, side: 'server' },
    { ...failure, side: 'caller' },
  ]);
});

it('a failed call within a process is logged once', async () => {
  const { local } = await start(statementCancelled);
  expect(await call(local)).toBe('unavailable');
  expect(lines).toMatchObject([
    { side: 'server', requestId: 'request-1', reason: expect.stringContaining('57014') as string },
  ]);
});

it('an unreachable server and a call over its deadline are logged by the caller', async () => {
  const rpc = callerOf(1);
  expect(await call(rpc)).toBe('unavailable');
  expect(lines).toMatchObject([
    { side: 'caller', procedure: 'test.write', reason: 'connect ECONNREFUSED 127.0.0.1:1' },
  ]);
  const { local, remote } = await start(() => sleep(testRpc.write.deadlineMs + 200, { pid: 1 }));
  lines.length = 0;
  expect(await Promise.all([call(local, 'local'), call(remote, 'remote')])).toEqual(['unavailable', 'unavailable']);
  expect(lines).toMatchObject(
    ['local', 'remote'].map((requestId) => ({
      ...{ side: 'caller', requestId, code: 'unavailable' },
      reason: expect.stringContaining('did not answer in time') as string,
    })),
  );
  // The servers finish, although no caller waits any more.
  await expect
    .poll(() => lines.slice(2))
    .toMatchObject([
      { message: 'slow call', side: 'server', requestId: 'local' },
      { message: 'slow call', side: 'server', requestId: 'remote' },
    ]);
});

it('slow calls are logged; refusals and fast calls are not', async () => {
  let ms = 0;
  const { remote } = await start(() => sleep(ms, { pid: 1 }));
  await call(remote);
  ms = 600;
  await call(remote, 'slow');
  expect(lines).toMatchObject([
    { message: 'slow call', side: 'server', requestId: 'slow', procedure: 'test.write', reason: 'slow' },
    { message: 'slow call', side: 'caller', requestId: 'slow', procedure: 'test.write', reason: 'slow' },
  ]);
  lines.length = 0;
  const { remote: refusing } = await start(() => {
    throw new AppError('not_found');
  });
  expect(await call(refusing)).toBe('not_found');
  expect(lines).toEqual([]);
});

it('thousands of equal failures write few lines', async () => {
  const { remote } = await start(statementCancelled);
  await Promise.all(Array.from({ length: 3000 }, () => call(remote)));
  expect(lines.length).toBeLessThan(100);
});
