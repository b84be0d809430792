import { currentContext, runInContext } from '@shop/rpc/context';
import { toAppError } from '@shop/rpc/errors';
import { expect, it } from 'vitest';
import { PoolShare } from './pool-share.js';

function deferred() {
  let finish: () => void = () => undefined;
  const done = new Promise<void>((resolve) => (finish = resolve));
  return { done, finish };
}

it('runs as much as its part of the pool allows, keeps some waiting and refuses the rest', async () => {
  const share = new PoolShare({ connections: 4, share: 0.5, maxQueued: 8 });
  const { done, finish } = deferred();
  let begun = 0;
  const work = async () => {
    begun++;
    await done;
  };
  const accepted = Array.from({ length: 10 }, () => share.run(work));
  expect(begun).toBe(2);
  expect(await share.run(work).catch(toAppError)).toMatchObject({ code: 'overloaded', retryAfterSeconds: 1 });
  finish();
  await Promise.all(accepted);
  expect(begun).toBe(10);
});

it('frees the place of work that fails', async () => {
  const share = new PoolShare({ connections: 1, share: 0.5, maxQueued: 8 });
  await expect(share.run(() => Promise.reject(new Error('no')))).rejects.toThrow('no');
  expect(await share.run(() => Promise.resolve('yes'))).toBe('yes');
});

it('runs what has waited in the context of its own request, and not after its deadline', async () => {
  const share = new PoolShare({ connections: 1, share: 0.5, maxQueued: 8 });
  const { done, finish } = deferred();
  const context = (requestId: string, ms: number) => ({ requestId, deadlineAt: performance.now() + ms });
  const first = runInContext(context('first', 60_000), () => share.run(() => done));
  const second = runInContext(context('second', 60_000), () =>
    share.run(() => Promise.resolve(currentContext()?.requestId)),
  );
  const late = context('late', 20);
  const third = runInContext(late, () => share.run(() => Promise.resolve('too late'))).catch(toAppError);
  await expect.poll(() => performance.now() > late.deadlineAt).toBe(true);
  finish();
  await first;
  expect(await second).toBe('second');
  expect(await third).toMatchObject({ code: 'overloaded' });
});

it('keeps fast work waiting in numbers, and slow work only as long as it may wait', async () => {
  const share = new PoolShare({ connections: 10, share: 0.1, maxQueued: 1000, maxWaitMs: 200 });
  const at = (ms: number) => () => new Promise((resolve) => setTimeout(resolve, ms));
  await Promise.all(Array.from({ length: 30 }, () => share.run(() => Promise.resolve())));
  const quick = Array.from({ length: 500 }, () => share.run(() => Promise.resolve('done')));
  expect(new Set(await Promise.all(quick))).toEqual(new Set(['done']));
  for (let i = 0; i < 30; i += 1) await share.run(at(20));
  const slow = await Promise.allSettled(Array.from({ length: 500 }, () => share.run(at(20))));
  const done = slow.filter(({ status }) => status === 'fulfilled').length;
  expect(done).toBeGreaterThan(1);
  expect(done).toBeLessThanOrEqual(11); // 200 ms of them, and the one that runs already
});
