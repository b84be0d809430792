import { setImmediate } from 'node:timers/promises';
import { AppError } from '@shop/rpc/errors';
import { describe, expect, it } from 'vitest';
import { ReadThrough, type Answer } from './read-through.js';

type Value = { n: number };

/** Reads that end on command. */
class Loads {
  readonly open: ((answer: Answer<Value>) => void)[] = [];
  begun = 0;
  private running = 0;
  most = 0;

  readonly load = async (): Promise<Answer<Value>> => {
    this.begun += 1;
    this.most = Math.max(this.most, ++this.running);
    try {
      return await new Promise((resolve) => this.open.push(resolve));
    } finally {
      this.running -= 1;
    }
  };

  async end(n: number, freshMs = 60_000): Promise<void> {
    while (this.open.length === 0) await setImmediate();
    this.open.shift()!({ value: { n }, freshMs });
    await setImmediate();
  }
}

function readThrough(hears = true) {
  return new ReadThrough<Value>({ maxBytes: 1000, bytesOf: () => 1, hearsOfChanges: () => hears });
}

describe('a read of a key', () => {
  it('is shared by all concurrent callers, and cached for later ones', async () => {
    const [copies, loads] = [readThrough(), new Loads()];
    const answers = Promise.all(Array.from({ length: 100 }, () => copies.read('a', loads.load)));
    await loads.end(1);
    expect(new Set((await answers).map(({ n }) => n))).toEqual(new Set([1]));
    expect(copies.get('a')).toEqual({ n: 1 });
    expect(loads.begun).toBe(1);
  });

  it('is retried by the next caller after it failed', async () => {
    const [copies, loads] = [readThrough(), new Loads()];
    await expect(copies.read('a', () => Promise.reject(new Error('gone')))).rejects.toThrow('gone');
    const answer = copies.read('a', loads.load);
    await loads.end(2);
    expect(await answer).toEqual({ n: 2 });
  });

  it('is answered with the stale copy while it is slow', async () => {
    const [copies, loads] = [readThrough(), new Loads()];
    const first = copies.read('a', loads.load);
    await loads.end(1, -1);
    await first;
    expect(copies.get('a')).toBeUndefined();
    expect(await Promise.all([copies.read('a', loads.load), copies.read('a', loads.load)])).toEqual([
      { n: 1 },
      { n: 1 },
    ]);
    expect(loads.begun).toBe(2);
    await loads.end(2);
    expect(copies.get('a')).toEqual({ n: 2 });
  });

  it('is answered with the stale copy on overload, but not on other errors', async () => {
    const [copies, loads] = [readThrough(), new Loads()];
    const first = copies.read('a', loads.load);
    await loads.end(1, -1);
    await first;
    expect(await copies.read('a', () => Promise.reject(new AppError('overloaded')))).toEqual({ n: 1 });
    await expect(copies.read('a', () => Promise.reject(new Error('a fault')))).rejects.toThrow('a fault');
  });

  it.each([
    ['that is too stale', true, -20_000],
    ['while messages about changes may be missed', false, -1],
  ])('is awaited instead of answered with a copy %s', async (_, hears, freshMs) => {
    const [copies, loads] = [readThrough(hears), new Loads()];
    const first = copies.read('a', loads.load);
    await loads.end(1, freshMs);
    await first;
    const answer = copies.read('a', loads.load);
    setTimeout(() => void loads.end(2), 300);
    expect(await answer).toEqual({ n: 2 });
  });
});

describe('a change', () => {
  it('makes earlier callers wait for the read after it, which is cached', async () => {
    const [copies, loads] = [readThrough(), new Loads()];
    const before = copies.read('a', loads.load);
    await setImmediate();
    copies.forget('a');
    const after = copies.read('a', loads.load);
    await loads.end(1);
    await loads.end(2);
    expect(await Promise.all([before, after])).toEqual([{ n: 2 }, { n: 2 }]);
    expect(copies.get('a')).toEqual({ n: 2 });
    expect(loads.begun).toBe(2);
  });

  it('never causes two concurrent reads of a key, however many changes there are', async () => {
    const [copies, loads] = [readThrough(), new Loads()];
    const answers: Promise<Value>[] = [];
    for (let change = 0; change < 20; change++) {
      answers.push(copies.read('a', loads.load));
      await setImmediate();
      copies.forgetAll();
    }
    answers.push(copies.read('a', loads.load));
    await loads.end(1);
    await loads.end(2);
    expect((await Promise.all(answers)).map(({ n }) => n)).toEqual(answers.map(() => 2));
    expect([loads.begun, loads.most]).toEqual([2, 1]);
  });

  it('leaves no caller unanswered when changes are faster than reads', async () => {
    const [copies, loads] = [readThrough(), new Loads()];
    const answer = copies.read('a', loads.load);
    await setImmediate();
    copies.forget('a');
    await loads.end(1);
    copies.forget('a');
    await loads.end(2);
    expect(await answer).toEqual({ n: 2 });
    expect(copies.get('a')).toBeUndefined();
  });
});
