// Servers of two versions behind one name: only the newer one has a procedure.
import { afterEach, expect, it } from 'vitest';
import * as z from 'zod';
import { invalidRequest } from '../src/errors.js';
import { testRpc } from './contract.js';
import { callerOf, closeAll, serve } from './local-server.js';

afterEach(closeAll);

const times = (count: number) => Array.from({ length: count });

/** Counts executions; `write` is not idempotent, so it is not retried. */
function newer() {
  const seen: string[] = [];
  const write = ({ key }: { key: string }) => {
    seen.push(key);
    return { pid: 1 };
  };
  return { seen, handlers: { write, whoami: () => ({ pid: 1 }) } };
}

it('a call reaches the server that has the procedure, and each call is executed once', async () => {
  const { seen, handlers } = newer();
  const old = { whoami: () => ({ pid: 2 }) };
  const rpc = callerOf(await serve(old), await serve(old), await serve(old), await serve(old), await serve(handlers));
  await Promise.all(times(200).map((_, i) => rpc.call(testRpc.write, { key: String(i), ms: 0 })));
  for (const i of times(50).keys()) await rpc.call(testRpc.write, { key: `then ${i}`, ms: 0 });
  expect(new Set(seen).size).toBe(250);
  expect(seen).toHaveLength(250);
});

it('servers that lack one procedure still get calls of the others', async () => {
  const rpc = callerOf(await serve({ whoami: () => ({ pid: 2 }) }), await serve(newer().handlers));
  for (const i of times(20).keys()) await rpc.call(testRpc.write, { key: String(i), ms: 0 });
  const answers = await Promise.all(times(20).map(() => rpc.call(testRpc.whoami, {})));
  expect(new Set(answers.map(({ pid }) => pid))).toEqual(new Set([1, 2]));
  expect(rpc.replicas('test').map(({ state }) => state)).toEqual(['ready', 'ready']);
});

it('answers unavailable when no server has the procedure, at once and each time', async () => {
  const old = { whoami: () => ({ pid: 2 }) };
  const rpc = callerOf(await serve(old), await serve(old));
  const startedAt = performance.now();
  for (const key of ['first', 'second'])
    await expect(rpc.call(testRpc.write, { key, ms: 0 })).rejects.toMatchObject({
      code: 'unavailable',
      detail: 'test does not know test.write yet',
    });
  expect(performance.now() - startedAt).toBeLessThan(testRpc.write.deadlineMs);
});

it('a call that an older server refuses for an unknown field is sent to a newer one', async () => {
  const older = z.strictObject({ key: z.string() });
  const { seen, handlers } = newer();
  const check = (input: unknown) => {
    const checked = older.safeParse(input);
    if (!checked.success) throw invalidRequest(checked.error.issues);
    return { pid: 2 };
  };
  const olds = [await serve({ write: check }), await serve({ write: check }), await serve({ write: check })];
  const rpc = callerOf(...olds, await serve(handlers));
  await Promise.all(times(100).map((_, i) => rpc.call(testRpc.write, { key: String(i), ms: 0 })));
  expect(seen).toHaveLength(100);
  await expect(callerOf(...olds).call(testRpc.write, { key: 'k', ms: 0 })).rejects.toMatchObject({
    code: 'unavailable',
    detail: 'test is of an older version',
  });
});

it('calls a server again once a newer version answers at its address', async () => {
  const { seen, handlers } = newer();
  const old = await serve({ whoami: () => ({ pid: 2 }) });
  const port = old.listeningPort!;
  const rpc = callerOf(old);
  await expect(rpc.call(testRpc.write, { key: 'early', ms: 0 })).rejects.toMatchObject({ code: 'unavailable' });
  await old.drain(1000);
  old.close();
  await expect
    .poll(() =>
      serve(handlers, { port }).then(
        () => true,
        () => false,
      ),
    )
    .toBe(true);
  const write = () =>
    rpc.call(testRpc.write, { key: 'late', ms: 0 }).then(
      () => true,
      () => false,
    );
  await expect.poll(write, { timeout: 15_000 }).toBe(true);
  expect(seen).toContain('late');
});
