// A cache in this process. Each key has at most one read at a time, however many callers wait for it and however long
// it takes.
import { toAppError } from '@shop/rpc/errors';
import { LRUCache } from 'lru-cache';

/** How long a caller waits for the new value before it gets a stale copy. */
const PATIENCE_MS = 100;

/** How long after it was fresh a copy may be answered while the read is slow or refused as overload. */
const STALE_MS = 10_000;

export interface ReadThroughOptions<V> {
  /** Total size of all copies. */
  maxBytes: number;
  bytesOf(value: V, key: string): number;
  /** Whether messages about changes are certain to arrive. If not, stale copies are not answered. */
  hearsOfChanges(): boolean;
}

export interface Answer<V> {
  value: V;
  freshMs: number;
}

interface Copy<V> {
  value: V;
  freshUntil: number;
}

interface Read<V> {
  begun: boolean;
  /** The value was changed during the read: it must not be cached, and its callers need the next read. */
  changed: boolean;
  first: Promise<V>;
  value: Promise<V>;
}

export class ReadThrough<V extends object | symbol> {
  private readonly copies: LRUCache<string, Copy<V>>;
  private readonly reads = new Map<string, Read<V>>();

  constructor(private readonly options: ReadThroughOptions<V>) {
    const { maxBytes, bytesOf } = options;
    this.copies = new LRUCache({ maxSize: maxBytes, sizeCalculation: ({ value }, key) => bytesOf(value, key) });
  }

  /** The copy, if fresh. */
  get(key: string): V | undefined {
    const copy = this.copies.get(key);
    return copy && performance.now() < copy.freshUntil ? copy.value : undefined;
  }

  /** Reads the value, or waits for the running read. While that is slow a stale copy is the answer. */
  read(key: string, load: () => Promise<Answer<V>>): Promise<V> {
    const { value } = this.readOf(key, load);
    const copy = this.copies.get(key);
    if (!copy || performance.now() >= copy.freshUntil + STALE_MS || !this.options.hearsOfChanges()) return value;
    return firstOf(value, copy.value);
  }

  /** Later callers get only values whose read begins from now on. */
  forget(key: string): void {
    this.copies.delete(key);
    const read = this.reads.get(key);
    if (read?.begun) read.changed = true;
  }

  forgetAll(): void {
    this.copies.clear();
    for (const read of this.reads.values()) if (read.begun) read.changed = true;
  }

  private readOf(key: string, load: () => Promise<Answer<V>>): Read<V> {
    const running = this.reads.get(key);
    return running && !running.changed ? running : this.begin(key, load, running?.first);
  }

  /** A read after a change waits for the one before it, so that two never run concurrently. */
  private begin(key: string, load: () => Promise<Answer<V>>, previous: Promise<V> | undefined): Read<V> {
    const read = { begun: false, changed: false } as Read<V>;
    read.first = (async () => {
      await previous?.catch(() => undefined);
      read.begun = true;
      const { value, freshMs } = await load();
      if (!read.changed) this.copies.set(key, { value, freshUntil: performance.now() + freshMs });
      return value;
    })();
    read.value = read.first
      // Not `value` of the next read: with changes faster than reads, no caller would ever be answered.
      .then((value) => (read.changed ? this.readOf(key, load).first : value))
      .finally(() => {
        if (this.reads.get(key) === read) this.reads.delete(key);
      });
    // `value` may have no caller left, and its rejection must not go unhandled.
    read.value.catch(() => undefined);
    this.reads.set(key, read);
    return read;
  }
}

/** The stale value after PATIENCE_MS, and when the read is refused as overload. */
async function firstOf<T>(value: Promise<T>, old: T): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const patience = new Promise<T>((resolve) => {
    timer = setTimeout(() => resolve(old), PATIENCE_MS);
  });
  try {
    return await Promise.race([value, patience]);
  } catch (error) {
    if (toAppError(error).status === 503) return old;
    throw error;
  } finally {
    clearTimeout(timer);
  }
}
