// Limits per time, counted in Redis (state) over all replicas.
import { createHash } from 'node:crypto';
import { isIPv6 } from 'node:net';
import { Inject, Injectable } from '@nestjs/common';
import { REDIS_STATE } from '@shop/kit/redis';
import { AppError } from '@shop/rpc/errors';
import type { Redis } from 'ioredis';
import { RateLimiterRedis, RateLimiterRes } from 'rate-limiter-flexible';
import { ConcurrencyLimit } from '../concurrency-limit.js';
import { gatewayConfig, type GatewayConfig } from '../gateway.config.js';

/** `duration` in seconds. The limits of passwords count wrong ones only. */
const limits = {
  /** Narrow, so that an attacker cannot lock the owner of an account out from another address. */
  passwordsPerAccountAndAddress: { points: 10, duration: 15 * 60 },
  passwordsPerAccount: { points: 100, duration: 15 * 60 },
  passwordsPerAddress: { points: 100, duration: 15 * 60 },
  registrationsPerAddress: { points: 100, duration: 3600 },
  /** New anonymous sessions: Redis (state) never evicts them. */
  visitorsPerAddress: { points: 300, duration: 3600 },
  ordersPerCustomer: { points: 60, duration: 60 },
};
type Limit = keyof typeof limits;

@Injectable()
export class RateLimits {
  private readonly limiters: Map<string, RateLimiterRedis> | undefined;
  /** Per account and address, so that a burst cannot use up the capacity for the log-ins of others. */
  private readonly checks = new ConcurrencyLimit(30, 'log-ins');

  constructor(@Inject(gatewayConfig.token) { RATE_LIMITS }: GatewayConfig, @Inject(REDIS_STATE) storeClient: Redis) {
    if (RATE_LIMITS === 'off') return;
    this.limiters = new Map(
      Object.entries(limits).map(([name, limit]) => [
        name,
        new RateLimiterRedis({ ...limit, storeClient, keyPrefix: `limit:${name}` }),
      ]),
    );
  }

  /** Counts one attempt. Throws rate_limited, with the seconds to wait, beyond the limit. */
  async take(limit: Limit, key: string): Promise<void> {
    try {
      await this.limiters?.get(limit)!.consume(hashed(key));
    } catch (error) {
      throw error instanceof RateLimiterRes ? rateLimited(error) : error;
    }
  }

  /**
   * Runs a check of an account's password and counts it if it throws bad_credentials. Right passwords are not counted, so
   * counting follows the check. The limits are read again after it: once they are used up, the rest of a burst of guesses
   * is answered rate_limited, even when a guess is right.
   */
  async guessPassword<T>(account: string, address: string, check: () => Promise<T>): Promise<T> {
    const group = addressGroup(address);
    // The narrowest first, so that attempts it refuses do not count against the wider ones.
    const attempts: [limit: Limit, key: string][] = [
      ['passwordsPerAccountAndAddress', `${account} ${group}`],
      ['passwordsPerAddress', group],
      ['passwordsPerAccount', account],
    ];
    await this.requireAttemptsLeft(attempts);
    const leave = this.limiters && this.checks.enter(`${account} ${group}`);
    try {
      const answer = await check();
      await this.requireAttemptsLeft(attempts);
      return answer;
    } catch (error) {
      if (error instanceof AppError && error.code === 'bad_credentials')
        for (const [limit, key] of attempts) await this.take(limit, key);
      throw error;
    } finally {
      leave?.();
    }
  }

  private async requireAttemptsLeft(attempts: [limit: Limit, key: string][]): Promise<void> {
    const counts = await Promise.all(attempts.map(async ([limit, key]) => this.limiters?.get(limit)!.get(hashed(key))));
    for (const count of counts) if (count && count.remainingPoints <= 0) throw rateLimited(count);
  }
}

function rateLimited({ msBeforeNext }: RateLimiterRes): AppError {
  return new AppError('rate_limited', undefined, {}, Math.ceil(msBeforeNext / 1000));
}

/** An IPv4 address, or the /64 of an IPv6 address: the smallest network that one customer of a provider gets. */
export function addressGroup(address: string): string {
  if (!isIPv6(address)) return address;
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  if (mapped) return mapped;
  const [head = ''] = address.split('::');
  const prefix = head
    .split(':')
    .slice(0, 4)
    .join(':')
    .replace(/(:0)+$/, '');
  return `${prefix.toLowerCase()}::/64`;
}

/** Keys of equal length that reveal no address. */
function hashed(key: string): string {
  return createHash('sha256').update(key).digest('base64url');
}
