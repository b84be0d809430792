// Sessions live in Redis (state) under the hash of their id, so that whoever reads Redis cannot use them.
import { createHash, randomBytes } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { REDIS_STATE } from '@shop/kit/redis';
import { AppError } from '@shop/rpc/errors';
import type { Redis } from 'ioredis';

export interface Session {
  /** What the session is known by here; the id itself is only in the cookie. */
  hash: string;
  /** Undefined before log-in. */
  customerId: string | undefined;
}

/** With the id, for the cookie. */
export interface NewSession {
  id: string;
  session: Session;
}

const DAY_MS = 24 * 3600 * 1000;

/** Since its last use. Of a visitor there is only a cart to remember, and anybody can be one any number of times. */
export function lifetimeMs({ customerId }: Pick<Session, 'customerId'>): number {
  return customerId === undefined ? 7 * DAY_MS : 30 * DAY_MS;
}

/** Longer than a log-in takes from the check of the password to its session. */
const LOG_IN_MS = 60_000;
/** A use moves the end of a session at most this often: reading stays reading. */
const REFRESH_MS = 60_000;

/** Of one customer. Each is memory that Redis (state) must not give up. */
const MOST_SESSIONS = 20;

/**
 * KEYS session, index, when all were ended; ARGV customer, hash, lifetime, now, most sessions, when the password was
 * checked. Session and index at once, so that endAll finds it in the index or ended before it. Who has too many loses the
 * one used longest ago, whose end comes first.
 */
const BEGIN = `
if tonumber(redis.call('get', KEYS[3]) or 0) >= tonumber(ARGV[6]) then return 0 end
redis.call('set', KEYS[1], ARGV[1], 'PX', ARGV[3])
redis.call('zremrangebyscore', KEYS[2], 0, ARGV[4])
redis.call('zadd', KEYS[2], ARGV[4] + ARGV[3], ARGV[2])
redis.call('pexpire', KEYS[2], ARGV[3])
for _, hash in ipairs(redis.call('zrange', KEYS[2], 0, -1 - ARGV[5])) do
  redis.call('del', 'session:' .. hash)
  redis.call('zrem', KEYS[2], hash)
end
return 1`;

/** KEYS index, when all were ended; ARGV but this one, how long that is remembered. Ends every session in the index. */
const END_ALL = `
local now = redis.call('time')
redis.call('set', KEYS[2], string.format('%d%06d', now[1], now[2]), 'PX', ARGV[2])
for _, hash in ipairs(redis.call('zrange', KEYS[1], 0, -1)) do
  if hash ~= ARGV[1] then
    redis.call('del', 'session:' .. hash)
    redis.call('zrem', KEYS[1], hash)
  end
end`;

@Injectable()
export class Sessions {
  constructor(@Inject(REDIS_STATE) private readonly redis: Redis) {}

  /** `refreshed`: its end was moved, so the cookie's must be too. */
  async find(id: string): Promise<(Session & { refreshed: boolean }) | undefined> {
    const hash = hashOf(id);
    const [customerId, leftMs] = await Promise.all([
      this.redis.get(sessionKey(hash)),
      this.redis.pttl(sessionKey(hash)),
    ]);
    if (customerId === null) return undefined;
    const session = { hash, customerId: customerId || undefined };
    const refreshed = leftMs < lifetimeMs(session) - REFRESH_MS;
    if (refreshed) await this.refresh(session);
    return { ...session, refreshed };
  }

  async isOpen({ hash }: Pick<Session, 'hash'>): Promise<boolean> {
    return (await this.redis.exists(sessionKey(hash))) === 1;
  }

  /** In microseconds, by the clock that endAll goes by too. */
  async now(): Promise<number> {
    const [seconds, microseconds] = await this.redis.time();
    return Number(seconds) * 1e6 + Number(microseconds);
  }

  /**
   * A new session under an id that nobody could know before. unavailable when endAll came after `checkedAt`, the time
   * before the customer's password was checked.
   */
  async begin(customerId?: string, checkedAt = Number.MAX_SAFE_INTEGER): Promise<NewSession> {
    const id = randomBytes(32).toString('base64url');
    const session = { hash: hashOf(id), customerId };
    const { hash } = session;
    const lifetime = lifetimeMs(session);
    if (customerId === undefined) {
      await this.redis.set(sessionKey(hash), '', 'PX', lifetime);
      return { id, session };
    }
    const keys = [sessionKey(hash), indexKey(customerId), endedKey(customerId)];
    const values = [customerId, hash, lifetime, Date.now(), MOST_SESSIONS, checkedAt];
    const begun = await this.redis.eval(BEGIN, keys.length, ...keys, ...values);
    if (begun !== 1) throw new AppError('unavailable', 'Please log in again.');
    return { id, session };
  }

  async end({ hash, customerId }: Session): Promise<void> {
    const ending = this.redis.multi().del(sessionKey(hash));
    if (customerId !== undefined) ending.zrem(indexKey(customerId), hash);
    await ending.exec();
  }

  async endAll(customerId: string, except?: Session): Promise<void> {
    await this.redis.eval(END_ALL, 2, indexKey(customerId), endedKey(customerId), except?.hash ?? '', LOG_IN_MS);
  }

  private async refresh(session: Session): Promise<void> {
    const { hash, customerId } = session;
    const lifetime = lifetimeMs(session);
    const moving = this.redis.multi().pexpire(sessionKey(hash), lifetime);
    if (customerId !== undefined)
      moving.zadd(indexKey(customerId), 'XX', Date.now() + lifetime, hash).pexpire(indexKey(customerId), lifetime);
    await moving.exec();
  }
}

function hashOf(id: string): string {
  return createHash('sha256').update(id).digest('base64url');
}
function sessionKey(hash: string): string {
  return `session:${hash}`;
}
/** The customer's sessions, by when they end. */
function indexKey(customerId: string): string {
  return `sessions-of:${customerId}`;
}
/** When all of the customer's sessions were ended last. */
function endedKey(customerId: string): string {
  return `sessions-ended:${customerId}`;
}
