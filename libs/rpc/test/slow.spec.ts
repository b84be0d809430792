// Hedged calls: when a server is slow, another one is asked too, and the first answer counts.
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { runInContext } from '../src/context.js';
import type { Rpc } from '../src/rpc.js';
import { testRpc } from './contract.js';
import { callerOf, closeAll, serve } from './local-server.js';

afterEach(closeAll);

/** A server with this number, whose `work` and `write` take as long as configured; the calls it starts are counted. */
async function server(pid: number, takesMs: () => number) {
  const begun = { work: 0, write: 0 };
  const answer = (name: keyof typeof begun) => () => {
    begun[name] += 1;
    return sleep(takesMs(), { pid }, { ref: false });
  };
  return { begun, rpc: await serve({ work: answer('work'), write: answer('write') }) };
}

const within = <T>(ms: number, call: () => Promise<T>) =>
  runInContext({ requestId: 'r', deadlineAt: performance.now() + ms }, call);
const work = (rpc: Rpc) => rpc.call(testRpc.work, { ms: 0 });

/** A caller with two servers, both of which have answered it before. */
async function pair(slowMs: number, otherMs: number) {
  let started = false;
  const one = await server(1, () => (started ? slowMs : 0));
  const two = await server(2, () => (started ? otherMs : 0));
  const rpc = callerOf(one.rpc, two.rpc);
  await vi.waitUntil(async () => (await work(rpc)) && one.begun.work > 0 && two.begun.work > 0, { timeout: 5000 });
  started = true;
  for (const { begun } of [one, two]) begun.work = 0;
  return { one, two, rpc };
}

describe('a call that takes more than a tenth of its time', () => {
  it('is answered by another server, whichever it was sent to first', async () => {
    const { one, two, rpc } = await pair(60_000, 0);
    const answers = await Promise.all(Array.from({ length: 6 }, () => within(3000, () => work(rpc))));
    expect(answers).toEqual(Array.from({ length: 6 }, () => ({ pid: 2 })));
    expect(one.begun.work).toBeGreaterThan(0);
    expect(two.begun.work).toBe(6);
  });

  it('takes the answer of the first server when that arrives first', async () => {
    const { one, two, rpc } = await pair(1200, 1200);
    const { pid } = await within(2000, () => work(rpc));
    expect([one.begun.work, two.begun.work]).toEqual([1, 1]);
    expect([one, two][pid - 1]!.rpc.inFlight).toBe(0);
    // The other server had not finished by then.
    expect([two, one][pid - 1]!.rpc.inFlight).toBe(1);
  });

  it('is not hedged when it is not idempotent', async () => {
    const { one, two, rpc } = await pair(700, 700);
    await within(1000, () => rpc.call(testRpc.write, { key: 'k', ms: 0 }));
    expect(one.begun.write + two.begun.write).toBe(1);
  });

  it('is not hedged when there is no other server', async () => {
    const only = await server(1, () => 700);
    const rpc = callerOf(only.rpc);
    await expect(within(1000, () => work(rpc))).resolves.toEqual({ pid: 1 });
    expect(only.begun.work).toBe(1);
  });

  it('fails at its deadline, however many servers were tried', async () => {
    const { one, two, rpc } = await pair(60_000, 60_000);
    await expect(within(400, () => work(rpc))).rejects.toMatchObject({ code: 'unavailable' });
    expect([one.begun.work, two.begun.work]).toEqual([1, 1]);
  });
});
