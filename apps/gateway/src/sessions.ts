// Sessions live in Redis (state) under the hash of their id, so that whoever reads Redis cannot use them.
import { createHash, randomBytes } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { REDIS_STATE } from '@shop/kit/redis';
import type { Redis } from 'ioredis';

export interface Session {
  /** What the session is known by here; the id itself is only in the cookie. */
  hash: string;
  /** Undefined before log-in. */
  customerId: string | undefined;
}

/** Since its last use. */
export const SESSION_SECONDS = 30 * 24 * 3600;
const LIFETIME_MS = SESSION_SECONDS * 1000;
/** A use moves the end of a session at most this often: reading stays reading. */
const REFRESH_MS = 60_000;

/** Ends every session in the index but ARGV[1]. */
const END_ALL = `
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
    const refreshed = leftMs < LIFETIME_MS - REFRESH_MS;
    if (refreshed) await this.refresh(session);
    return { ...session, refreshed };
  }

  /** A new session under an id that nobody could know before. */
  async begin(customerId?: string): Promise<{ id: string; session: Session }> {
    const id = randomBytes(32).toString('base64url');
    const hash = hashOf(id);
    const now = Date.now();
    // Session and index in one transaction: endAll finds the session in the index, or there is none yet.
    const beginning = this.redis.multi().set(sessionKey(hash), customerId ?? '', 'PX', LIFETIME_MS);
    if (customerId !== undefined)
      beginning
        .zremrangebyscore(indexKey(customerId), 0, now)
        .zadd(indexKey(customerId), now + LIFETIME_MS, hash)
        .pexpire(indexKey(customerId), LIFETIME_MS);
    await beginning.exec();
    return { id, session: { hash, customerId } };
  }

  async end({ hash, customerId }: Session): Promise<void> {
    const ending = this.redis.multi().del(sessionKey(hash));
    if (customerId !== undefined) ending.zrem(indexKey(customerId), hash);
    await ending.exec();
  }

  async endAll(customerId: string, except?: Session): Promise<void> {
    await this.redis.eval(END_ALL, 1, indexKey(customerId), except?.hash ?? '');
  }

  private async refresh({ hash, customerId }: Session): Promise<void> {
    const moving = this.redis.multi().pexpire(sessionKey(hash), LIFETIME_MS);
    if (customerId !== undefined)
      moving
        .zadd(indexKey(customerId), 'XX', Date.now() + LIFETIME_MS, hash)
        .pexpire(indexKey(customerId), LIFETIME_MS);
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
