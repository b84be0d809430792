import { AppError } from '@shop/rpc/errors';

/** Limits, in this process, how many operations of one kind run at a time for each key. */
export class ConcurrencyLimit {
  private readonly running = new Map<string, number>();

  constructor(
    private readonly max: number,
    private readonly what: string,
  ) {}

  /** Returns a function to call once at the end of the operation. Throws rate_limited at the limit. */
  enter(key: string): () => void {
    const running = this.running.get(key) ?? 0;
    if (running >= this.max) throw new AppError('rate_limited', `At most ${this.max} ${this.what} at a time.`, {}, 5);
    this.running.set(key, running + 1);
    return () => {
      const left = this.running.get(key)! - 1;
      if (left === 0) this.running.delete(key);
      else this.running.set(key, left);
    };
  }
}
