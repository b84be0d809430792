// The cache in Redis that all replicas share. Without it everything works, with more reads of the database.
import { randomUUID } from 'node:crypto';
import { Inject, Injectable, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { catalogRpc } from '@shop/contracts/catalog';
import { withTimeout } from '@shop/kit/with-timeout';
import { Log } from '@shop/kit/log';
import { CACHE_MS, REDIS_CACHE } from '@shop/kit/redis';
import { SerializedJson } from '@shop/rpc/serialized-json';
import type { Redis } from 'ioredis';
import * as z from 'zod';
import { withOwnMemory } from './copy-buffer.js';

/** How long a reader has to store a value that it did not find: longer than any read may take. */
const LEASE_MS = catalogRpc.getProduct.deadlineMs + 3000;
/** Interval of pings to a failed Redis. No request waits for it meanwhile. */
const PROBE_MS = 250;

// A reader that finds nothing gets a lease, and may store what it then reads from the database only while the lease
// exists. A change deletes value and lease, so a value read before the change cannot be stored after it. (Nishtala and
// others: Scaling Memcache at Facebook, 2013.)
const GET_OR_LEASE = `
  local value = redis.call('get', KEYS[1])
  if value then return { value, redis.call('pttl', KEYS[1]) } end
  redis.call('set', KEYS[2], ARGV[1], 'px', ARGV[2], 'nx')
  return false`;
const PUT_WITH_LEASE = `
  if redis.call('get', KEYS[2]) ~= ARGV[1] then return 0 end
  redis.call('del', KEYS[2])
  redis.call('set', KEYS[1], ARGV[2], 'px', ARGV[3])
  return 1`;

export type Shared =
  | { found: SerializedJson; ttlMs: number }
  /** Stores the value that was read instead, unless it was changed meanwhile. */
  | { found: undefined; put: (value: SerializedJson, ttlMs: number) => void };

/** The types of ioredis lack evalBuffer; `callBuffer('eval', …)` fails with auto-pipelining. */
type CacheClient = Redis & {
  evalBuffer(script: string, keys: number, ...values: (string | number)[]): Promise<unknown>;
};

const Keys = z.string().transform(parseJson).pipe(z.array(z.string()));

@Injectable()
export class SharedCache implements OnModuleInit, OnApplicationShutdown {
  private readonly subscriber: Redis;
  private down = false;
  private subscribed = false;
  private probe: NodeJS.Timeout | undefined;
  private onChange: (keys: string[] | 'all') => void = () => undefined;
  /** Channels are common to all databases of a Redis server, so the name includes the database. */
  private readonly channel: string;

  constructor(
    @Inject(REDIS_CACHE) private readonly redis: CacheClient,
    private readonly log: Log,
  ) {
    this.channel = `catalog:changed:${redis.options.db ?? 0}`;
    // No command timeout, because messages may be rare; it subscribes again on every connection.
    this.subscriber = redis.duplicate({ lazyConnect: true, commandTimeout: undefined, autoResubscribe: false });
  }

  onModuleInit(): void {
    const { subscriber } = this;
    subscriber.on('error', () => undefined);
    subscriber.on('ready', () => void this.subscribe().catch(() => undefined));
    subscriber.on('close', () => (this.subscribed = false));
    subscriber.on('message', (_channel, message: string) => this.hear(message));
    void subscriber.connect().catch(() => undefined);
  }

  onApplicationShutdown(): void {
    clearTimeout(this.probe);
    this.subscriber.disconnect();
  }

  /** False while messages about changes by other replicas may be lost. */
  get hearsOfChanges(): boolean {
    return this.subscribed && !this.down;
  }

  /** Calls `listener` with the keys that any replica changed; 'all' for a message that cannot be parsed. */
  listen(listener: (keys: string[] | 'all') => void): void {
    this.onChange = listener;
  }

  async get(key: string): Promise<Shared> {
    const lease = randomUUID();
    const reply = await this.ask(() => this.redis.evalBuffer(GET_OR_LEASE, 2, ...keysOf(key), lease, LEASE_MS));
    if (Array.isArray(reply)) {
      const [entry, ttlMs] = reply as [Buffer, number];
      return { found: decode(entry), ttlMs };
    }
    const put = (value: SerializedJson, ttlMs: number) => {
      if (reply === null)
        void this.ask(() => this.redis.eval(PUT_WITH_LEASE, 2, ...keysOf(key), lease, encode(value), ttlMs));
    };
    return { found: undefined, put };
  }

  /** Drops these keys here and in every replica. Call it after the change is committed. */
  async invalidate(keys: string[]): Promise<void> {
    await this.ask(() =>
      Promise.all([
        ...keys.map((key) => this.redis.del(...keysOf(key))),
        this.redis.publish(this.channel, JSON.stringify(keys)),
      ]),
    );
    // Last, so that no value read from Redis before the deletion stays here.
    this.onChange(keys);
  }

  /** Earlier messages may have been missed. */
  private async subscribe(): Promise<void> {
    await this.subscriber.subscribe(this.channel);
    this.subscribed = true;
    this.onChange('all');
  }

  /** Another version may publish in another format: a message that cannot be parsed may concern any key. */
  private hear(message: string): void {
    const keys = Keys.safeParse(message);
    if (!keys.success) this.log.warn({ err: keys.error }, 'A message about changed products cannot be parsed');
    this.onChange(keys.data ?? 'all');
  }

  /** Undefined immediately while Redis is known to be down, and after CACHE_MS when it does not answer. */
  private async ask<T>(work: () => Promise<T>): Promise<T | undefined> {
    if (this.down) return undefined;
    try {
      return await withTimeout(work(), CACHE_MS);
    } catch (error) {
      if (!this.down) {
        this.log.warn({ err: error }, 'Redis failed; products are not cached there until it answers again');
        this.awaitReturn();
      }
      return undefined;
    }
  }

  private awaitReturn(): void {
    this.down = true;
    this.probe = setTimeout(() => {
      withTimeout(this.redis.ping(), CACHE_MS).then(
        () => (this.down = false),
        () => this.awaitReturn(),
      );
    }, PROBE_MS).unref();
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The braces keep a value and its lease on one node of a Redis Cluster. */
function keysOf(key: string): [value: string, lease: string] {
  return [`catalog:{${key}}`, `catalog:{${key}}:lease`];
}

/** The ETag, a line break, the body. */
function encode({ body, etag }: SerializedJson): Buffer {
  return Buffer.concat([Buffer.from(`${etag}\n`), body]);
}

function decode(entry: Buffer): SerializedJson {
  const end = entry.indexOf('\n');
  return withOwnMemory(new SerializedJson(entry.subarray(end + 1), entry.toString('latin1', 0, end)));
}
