// Sessions in Redis (state), under the hash of their id: a leaked copy of Redis holds no usable session ids.
import { createHash, randomBytes } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { REDIS_STATE } from '@shop/kit/redis';
import { AppError } from '@shop/rpc/errors';
import type { Redis } from 'ioredis';

export interface Session {
  /** The hash of the id. The id itself is only in the cookie. */
  hash: string;
  /** Undefined before log-in. */
  customerId: string | undefined;
}

export interface NewSession {
  /** For the cookie. */
  id: string;
  session: Session;
}

const DAY_MS = 24 * 3600 * 1000;

/** Since the last use. Anonymous sessions end earlier: they hold only a cart, and clients can begin many of them. */
export function lifetimeMs({ customerId }: Pick<Session, 'customerId'>): number {
  return customerId === undefined ? 7 * DAY_MS : 30 * DAY_MS;
}

/** Longer than a log-in can take between the check of the password and the begin of the session. */
const LOG_IN_MS = 60_000;
/** Minimum time between two extensions of a session, so that most requests only read. */
const REFRESH_MS = 60_000;

/** Per customer: Redis (state) never evicts sessions. */
const MAX_SESSIONS = 20;

/**
 * KEYS session, index, ended; ARGV customer, hash, lifetime, now, MAX_SESSIONS, checkedAt. Writes session and index
 * atomically, so that endAll cannot miss the session. Beyond the maximum, the session used longest ago ends.
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

/** KEYS index, ended; ARGV the hash to keep, TTL of `ended`. Ends all other sessions in the index. */
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

  /** With `refreshed` the session was extended, and the cookie must be extended too. */
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

  async isOpen({ hash }: Session): Promise<boolean> {
    return (await this.redis.exists(sessionKey(hash))) === 1;
  }

  /** In microseconds, by the same clock as END_ALL. */
  async now(): Promise<number> {
    const [seconds, microseconds] = await this.redis.time();
    return Number(seconds) * 1e6 + Number(microseconds);
  }

  /** unavailable when endAll ran after `checkedAt`, the time before the check of the password. */
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
    const values = [customerId, hash, lifetime, Date.now(), MAX_SESSIONS, checkedAt];
    const begun = await this.redis.eval(BEGIN, keys.length, ...keys, ...values);
    if (begun !== 1) throw new AppError('unavailable', 'Please log in again.');
    return { id, session };
  }

  async end({ hash, customerId }: Session): Promise<void> {
    const commands = this.redis.multi().del(sessionKey(hash));
    if (customerId !== undefined) commands.zrem(indexKey(customerId), hash);
    await commands.exec();
  }

  async endAll(customerId: string, except?: Session): Promise<void> {
    await this.redis.eval(END_ALL, 2, indexKey(customerId), endedKey(customerId), except?.hash ?? '', LOG_IN_MS);
  }

  private async refresh(session: Session): Promise<void> {
    const { hash, customerId } = session;
    const lifetime = lifetimeMs(session);
    const commands = this.redis.multi().pexpire(sessionKey(hash), lifetime);
    if (customerId !== undefined)
      commands.zadd(indexKey(customerId), 'XX', Date.now() + lifetime, hash).pexpire(indexKey(customerId), lifetime);
    await commands.exec();
  }
}

function hashOf(id: string): string {
  return createHash('sha256').update(id).digest('base64url');
}
const sessionKey = (hash: string) => `session:${hash}`;
/** The sessions of a customer, sorted by when they end. */
const indexKey = (customerId: string) => `sessions-of:${customerId}`;
/** When endAll last ran for this customer. */
const endedKey = (customerId: string) => `sessions-ended:${customerId}`;
