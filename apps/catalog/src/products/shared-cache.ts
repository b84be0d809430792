// The cache that all replicas share, in Redis. Without it everything works, only with more reads of the database.
import { randomUUID } from 'node:crypto';
import { Inject, Injectable, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { catalogRpc } from '@shop/contracts/catalog';
import { inTime } from '@shop/kit/in-time';
import { Log } from '@shop/kit/log';
import { ReadyJson } from '@shop/kit/ready-json';
import { CACHE_MS, REDIS_CACHE } from '@shop/kit/redis';
import type { Redis } from 'ioredis';
import * as z from 'zod';
import { withOwnMemory } from './copy-buffer.js';

/** How long a reader may take to bring a value for what it did not find: longer than a read may last. */
const LEASE_MS = catalogRpc.getProduct.deadlineMs + 3000;
/** How often a Redis that failed is asked whether it is back. No request waits for it meanwhile. */
const PROBE_MS = 250;

// A reader that finds nothing gets a lease, and only with that lease still there may it store what it then read from
// the database. A change deletes value and lease, so a value read before the change cannot be stored after it.
// (Nishtala and others: Scaling Memcache at Facebook, 2013.)
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
  | { found: ReadyJson; ttlMs: number }
  /** Stores what was read instead, for so many milliseconds, unless it was changed meanwhile. */
  | { found: undefined; put: (value: ReadyJson, ttlMs: number) => void };

/** ioredis has it, its types do not; `callBuffer('eval', …)` fails with auto-pipelining. */
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
  /** Redis has its channels in common, whatever the database: shops that share a server are told apart by it. */
  private readonly channel: string;

  constructor(
    @Inject(REDIS_CACHE) private readonly redis: CacheClient,
    private readonly log: Log,
  ) {
    this.channel = `catalog:changed:${redis.options.db ?? 0}`;
    // It waits for messages as long as it takes, and subscribes itself again whenever it has a connection.
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

  /** False while a change that another replica tells may not arrive here. */
  get hearsOfChanges(): boolean {
    return this.subscribed && !this.down;
  }

  /** Calls `listener` with the keys that any replica changed; 'all' when that was not to be understood. */
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
    const put = (value: ReadyJson, ttlMs: number) => {
      if (reply === null)
        void this.ask(() => this.redis.eval(PUT_WITH_LEASE, 2, ...keysOf(key), lease, encode(value), ttlMs));
    };
    return { found: undefined, put };
  }

  /** Forgets these keys here and in every replica. Call it after the change was committed. */
  async invalidate(keys: string[]): Promise<void> {
    await this.ask(() =>
      Promise.all([
        ...keys.map((key) => this.redis.del(...keysOf(key))),
        this.redis.publish(this.channel, JSON.stringify(keys)),
      ]),
    );
    // Last, so that nothing read from Redis before the deletion stays here.
    this.onChange(keys);
  }

  /** What was told before may have been missed. */
  private async subscribe(): Promise<void> {
    await this.subscriber.subscribe(this.channel);
    this.subscribed = true;
    this.onChange('all');
  }

  /** Anybody may publish anything: what is no list of keys may have meant any. */
  private hear(message: string): void {
    const keys = Keys.safeParse(message);
    if (!keys.success) this.log.warn({ err: keys.error }, 'A change of products was told in words unknown here');
    this.onChange(keys.data ?? 'all');
  }

  /** Undefined at once while Redis is away, and after CACHE_MS when it goes. */
  private async ask<T>(work: () => Promise<T>): Promise<T | undefined> {
    if (this.down) return undefined;
    try {
      return await inTime(work(), CACHE_MS);
    } catch (error) {
      if (!this.down) {
        this.log.warn({ err: error }, 'Products are not cached in Redis for a while');
        this.awaitReturn();
      }
      return undefined;
    }
  }

  private awaitReturn(): void {
    this.down = true;
    this.probe = setTimeout(() => {
      inTime(this.redis.ping(), CACHE_MS).then(
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

/** The braces keep a value and its lease together in a Redis cluster. */
function keysOf(key: string): [value: string, lease: string] {
  return [`catalog:{${key}}`, `catalog:{${key}}:lease`];
}

/** The ETag, a line break, the body. */
function encode({ body, etag }: ReadyJson): Buffer {
  return Buffer.concat([Buffer.from(`${etag}\n`), body]);
}

function decode(entry: Buffer): ReadyJson {
  const end = entry.indexOf('\n');
  return withOwnMemory(new ReadyJson(entry.subarray(end + 1), entry.toString('latin1', 0, end)));
}
