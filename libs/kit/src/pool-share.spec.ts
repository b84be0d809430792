import { expect, it } from 'vitest';
import { currentContext, runInContext } from './context.js';
import { toAppError } from './errors.js';
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
  expect(await third).toMatchObject({ code: 'unavailable' });
});
