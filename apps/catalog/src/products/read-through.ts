// Copies, in this process, of what takes time to read. However many ask for a key, and however long reading takes, one
// read of it runs at a time.
import { toAppError } from '@shop/kit/errors';
import { LRUCache } from 'lru-cache';

/** How long a caller who could have an old copy waits for the new one. */
const PATIENCE_MS = 100;

/**
 * How long a copy that is no longer fresh may be answered while reading the new one takes longer than that, or cannot
 * be done.
 */
const STALE_MS = 10_000;

export interface ReadThroughOptions<V> {
  /** Of all copies together. */
  maxBytes: number;
  bytesOf(value: V, key: string): number;
  /** Whether changes are certain to be heard of. While they are not, no copy is answered that is not fresh. */
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
  /** What is being read was changed since: the value must not be kept, and its readers want the one after it. */
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

  /** The copy, if it is fresh. */
  get(key: string): V | undefined {
    const copy = this.copies.get(key);
    return copy && performance.now() < copy.freshUntil ? copy.value : undefined;
  }

  /** Reads it, or waits for the read that runs. While that is slow the old copy is the answer. */
  read(key: string, load: () => Promise<Answer<V>>): Promise<V> {
    const { value } = this.readOf(key, load);
    const copy = this.copies.get(key);
    if (!copy || performance.now() >= copy.freshUntil + STALE_MS || !this.options.hearsOfChanges()) return value;
    return firstOf(value, copy.value);
  }

  /** Later callers get only what is read from now on. */
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

  /** One that others have to wait for: a change makes a second read necessary, never one beside the first. */
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
      // Not the next one's `value`: with changes faster than reads, no caller would be answered.
      .then((value) => (read.changed ? this.readOf(key, load).first : value))
      .finally(() => {
        if (this.reads.get(key) === read) this.reads.delete(key);
      });
    // The next one's `first` may be all that is waited for.
    read.value.catch(() => undefined);
    this.reads.set(key, read);
    return read;
  }
}

/** The old value after a while, and when there is no capacity for reading the new one. */
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
