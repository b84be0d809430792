import { AppError } from '@shop/rpc/errors';

/** How many of `things` may be under way at a time, per key, in this process. */
export class AtOnce {
  private readonly counts = new Map<string, number>();

  constructor(
    private readonly most: number,
    private readonly things: string,
  ) {}

  /** rate_limited when there are too many; the function it answers is to be called once, at the end. */
  enter(key: string): () => void {
    const count = this.counts.get(key) ?? 0;
    if (count >= this.most) throw new AppError('rate_limited', `At most ${this.most} ${this.things} at a time.`, {}, 5);
    this.counts.set(key, count + 1);
    return () => {
      const left = this.counts.get(key)! - 1;
      if (left === 0) this.counts.delete(key);
      else this.counts.set(key, left);
    };
  }
}
