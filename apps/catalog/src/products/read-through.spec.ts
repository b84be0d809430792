import { setImmediate } from 'node:timers/promises';
import { AppError } from '@shop/kit/errors';
import { describe, expect, it } from 'vitest';
import { ReadThrough, type Answer } from './read-through.js';

type Value = { n: number };

/** Reads that end when the test says so. */
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
  it('is shared by all who ask meanwhile, and kept for those who ask later', async () => {
    const [copies, loads] = [readThrough(), new Loads()];
    const answers = Promise.all(Array.from({ length: 100 }, () => copies.read('a', loads.load)));
    await loads.end(1);
    expect(new Set((await answers).map(({ n }) => n))).toEqual(new Set([1]));
    expect(copies.get('a')).toEqual({ n: 1 });
    expect(loads.begun).toBe(1);
  });

  it('that fails is tried again by the next one who asks', async () => {
    const [copies, loads] = [readThrough(), new Loads()];
    await expect(copies.read('a', () => Promise.reject(new Error('gone')))).rejects.toThrow('gone');
    const answer = copies.read('a', loads.load);
    await loads.end(2);
    expect(await answer).toEqual({ n: 2 });
  });

  it('is answered with the old copy while it is slow', async () => {
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

  it('is answered with the old copy when there is no capacity for reading, and fails when it is a fault', async () => {
    const [copies, loads] = [readThrough(), new Loads()];
    const first = copies.read('a', loads.load);
    await loads.end(1, -1);
    await first;
    expect(await copies.read('a', () => Promise.reject(new AppError('overloaded')))).toEqual({ n: 1 });
    await expect(copies.read('a', () => Promise.reject(new Error('a fault')))).rejects.toThrow('a fault');
  });

  it.each([
    ['that is too old', true, -20_000],
    ['while changes may not be heard of', false, -1],
  ])('is waited for rather than answered with a copy %s', async (_, hears, freshMs) => {
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
  it('makes those who asked before it wait for the read after it, which is kept', async () => {
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

  it('never makes two reads of a key run at once, however many changes there are', async () => {
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

  it('leaves no one without an answer when changes are faster than reads', async () => {
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
