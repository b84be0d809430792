// Overload, deadlines over two hops, and draining.
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest';
import { currentContext, runInContext } from '../src/context.js';
import { Rpc } from '../src/rpc.js';
import { testRpc } from './contract.js';
import { callerOf, closeAll, serve } from './local-server.js';
import { ServerProcess } from './processes.js';

afterEach(closeAll);
afterAll(() => ServerProcess.stopAll());

describe('an overloaded server', () => {
  const limits = { maxRunning: 1, maxQueued: 100 };
  const work = ({ ms }: { ms: number }) => sleep(ms, { pid: 1 });
  const startWithin = (rpc: Rpc, ms: number, deadlineMs: number) =>
    runInContext({ requestId: 'r', deadlineAt: performance.now() + deadlineMs }, () => rpc.call(testRpc.work, { ms }));

  it('refuses at once the calls it could not finish in time', async () => {
    const rpc = callerOf(await serve({ work }, limits));
    for (let i = 0; i < 30; i += 1) await rpc.call(testRpc.work, { ms: 20 }); // learns how long that takes
    const startedAt = performance.now();
    const calls = Array.from({ length: 40 }, () => startWithin(rpc, 20, 300));
    const refusals: number[] = [];
    const results = await Promise.all(
      calls.map((call) =>
        call.then(
          () => 'done',
          (error: { code: string }) => {
            if (error.code === 'overloaded') refusals.push(performance.now() - startedAt);
            return error.code;
          },
        ),
      ),
    );
    expect(results[0]).toBe('done');
    expect(refusals.length).toBeGreaterThan(15);
    // The first refusal came before the first queued call could be done.
    expect(Math.min(...refusals)).toBeLessThan(300);
  });

  it('makes the caller try one other server; when that is overloaded too, the call fails', async () => {
    const begun: string[] = [];
    const named = (name: string) => ({
      work: ({ ms }: { ms: number }) => {
        begun.push(name);
        return sleep(ms, { pid: 1 });
      },
    });
    const full = { maxRunning: 1, maxQueued: 0 };
    const one = await serve(named('one'), full);
    const two = await serve(named('two'), full);
    const blocker = callerOf(one);
    const rpc = callerOf(one, two);
    await vi.waitUntil(async () => (await rpc.call(testRpc.work, { ms: 0 })) && new Set(begun).size === 2);
    const blocked = blocker.call(testRpc.work, { ms: 1000 });
    await vi.waitUntil(() => one.inFlight === 1);
    begun.length = 0;
    // Whichever server is chosen first, the one with a free place answers.
    await rpc.call(testRpc.work, { ms: 0 });
    await rpc.call(testRpc.work, { ms: 0 });
    expect(begun).toEqual(['two', 'two']);

    const occupied = rpc.call(testRpc.work, { ms: 800 });
    await vi.waitUntil(() => two.inFlight === 1);
    await expect(rpc.call(testRpc.work, { ms: 0 })).rejects.toMatchObject({
      code: 'overloaded',
      status: 503,
      retryAfterSeconds: 1,
    });
    expect(begun).toHaveLength(3);
    await Promise.all([blocked, occupied]);
  });

  it('makes the caller retry also a call that is not idempotent, because it was not begun', async () => {
    const full = { maxRunning: 1, maxQueued: 0 };
    const write = ({ ms }: { ms: number }) => sleep(ms, { pid: 1 });
    const one = await serve({ write }, full);
    const two = await serve({ write }, full);
    const blocked = callerOf(one).call(testRpc.write, { key: 'a', ms: 500 });
    await vi.waitUntil(() => one.inFlight === 1);
    const rpc = callerOf(one, two);
    for (let i = 0; i < 4; i += 1) await rpc.call(testRpc.write, { key: 'b', ms: 0 });
    await blocked;
  });

  it('refuses no call while it has a free place, however slow it was before', async () => {
    const rpc = callerOf(await serve({ work }, limits));
    await rpc.call(testRpc.work, { ms: 1200 });
    await startWithin(rpc, 1, 100);
  });
});

describe('a deadline', () => {
  it('and the request id carry over two hops', async () => {
    const far = await ServerProcess.start();
    const near = await ServerProcess.start({ far: far.address });
    const rpc = new Rpc({ addresses: { test: near.address } });
    const context = { requestId: 'request-9', deadlineAt: performance.now() + 5000 };
    const { ms, requestId } = await runInContext(context, () => rpc.call(testRpc.relay, {}));
    expect(requestId).toBe('request-9');
    // The contract of the second hop allows ten seconds, that of the first 700 ms.
    expect(ms).toBeLessThanOrEqual(testRpc.relay.deadlineMs + 1);

    const startedAt = performance.now();
    await expect(rpc.call(testRpc.relayTooLong, {})).rejects.toMatchObject({ code: 'unavailable' });
    expect(performance.now() - startedAt).toBeLessThan(2000);
    rpc.close();
  });

  it('that passes while a call is queued keeps the call from starting', async () => {
    let begun = 0;
    const work = ({ ms }: { ms: number }) => sleep(ms, (begun += 1));
    const server = await serve({ work }, { maxRunning: 1, maxQueued: 10 });
    const rpc = callerOf(server);
    const first = rpc.call(testRpc.work, { ms: 400 });
    await vi.waitUntil(() => begun === 1);
    const context = { requestId: 'r', deadlineAt: performance.now() + 100 };
    const second = runInContext(context, () => rpc.call(testRpc.work, { ms: 1 }));
    await expect(second).rejects.toMatchObject({ code: 'unavailable' });
    await first;
    await vi.waitUntil(() => server.inFlight === 0);
    expect(begun).toBe(1);
  });
});

describe('draining', () => {
  it('lasts until all calls in flight are answered, calls within the process too', async () => {
    const work = ({ ms }: { ms: number }) => sleep(ms, { pid: 1 });
    const server = await serve({ work });
    const rpc = callerOf(server);
    const outside = rpc.call(testRpc.work, { ms: 200 });
    const inside = server.dispatch('test.work', { ms: 300 }, { requestId: 'r', deadlineAt: Infinity });
    await vi.waitUntil(() => server.inFlight === 2);
    await server.drain(10_000);
    expect(server.inFlight).toBe(0);
    expect(await Promise.all([outside, inside])).toEqual([{ pid: 1 }, { pid: 1 }]);
  });

  it('ends after its grace period, whatever is still in flight', async () => {
    const server = await serve({ work: () => new Promise(() => undefined) });
    const stuck = callerOf(server).call(testRpc.work, { ms: 0 });
    stuck.catch(() => undefined);
    await vi.waitUntil(() => server.inFlight === 1);
    await server.drain(50);
    expect(server.inFlight).toBe(1);
  });

  it('goes on serving a caller that has no other server', async () => {
    const blocking = ({ ms }: { ms: number }) => sleep(ms, { pid: 1 });
    const server = await serve({ work: blocking, timeLeft: () => ({ ms: 1, requestId: currentContext()!.requestId }) });
    const rpc = callerOf(server);
    const long = rpc.call(testRpc.work, { ms: 1500 });
    await vi.waitUntil(() => server.inFlight === 1);
    const drained = server.drain(10_000);
    expect(await callerOf(server).call(testRpc.timeLeft, {})).toMatchObject({ ms: 1 });
    await long;
    await drained;
  });
});
