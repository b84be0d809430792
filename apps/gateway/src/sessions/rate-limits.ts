// How often somebody may try. Counted in Redis (state), so that all replicas count together.
import { createHash } from 'node:crypto';
import { isIPv6 } from 'node:net';
import { Inject, Injectable } from '@nestjs/common';
import { REDIS_STATE } from '@shop/kit/redis';
import { AppError } from '@shop/rpc/errors';
import type { Redis } from 'ioredis';
import { RateLimiterRedis, RateLimiterRes } from 'rate-limiter-flexible';
import { AtOnce } from '../at-once.js';
import { gatewayConfig, type GatewayConfig } from '../gateway.config.js';

const limits = {
  /** Wrong passwords for one account from one address: whoever guesses locks out nobody but himself. */
  passwordsPerAccountAndAddress: { points: 10, duration: 15 * 60 },
  /** Wrong passwords for one account, whoever sends them. */
  passwordsPerAccount: { points: 100, duration: 15 * 60 },
  /** Wrong passwords from one address, for whatever account. */
  passwordsPerAddress: { points: 100, duration: 15 * 60 },
  registrationsPerAddress: { points: 100, duration: 3600 },
  /** Sessions of visitors who are not logged in: each is memory that Redis (state) must not give up. */
  visitorsPerAddress: { points: 300, duration: 3600 },
  ordersPerCustomer: { points: 60, duration: 60 },
};
export type Limit = keyof typeof limits;

@Injectable()
export class RateLimits {
  private readonly limiters: Map<string, RateLimiterRedis> | undefined;
  /** Of one account from one address: a burst of them must not take every place there is for others' log-ins. */
  private readonly checks = new AtOnce(30, 'log-ins');

  constructor(@Inject(gatewayConfig.token) { RATE_LIMITS }: GatewayConfig, @Inject(REDIS_STATE) storeClient: Redis) {
    if (RATE_LIMITS === 'off') return;
    this.limiters = new Map(
      Object.entries(limits).map(([name, limit]) => [
        name,
        new RateLimiterRedis({ ...limit, storeClient, keyPrefix: `limit:${name}` }),
      ]),
    );
  }

  /** Counts one try. rate_limited, with the seconds to wait, when there were too many. */
  async take(limit: Limit, who: string): Promise<void> {
    try {
      await this.limiters?.get(limit)!.consume(hashed(who));
    } catch (error) {
      throw error instanceof RateLimiterRes ? refusal(error) : error;
    }
  }

  /**
   * Counts a check of this account's password, asked for from this address, if it ends with bad_credentials. Counting
   * comes after the check, so that right ones are in nobody's way. What a burst of guesses is told ends with the limit all
   * the same: whatever is answered after the last wrong one is rate_limited, right or wrong.
   */
  async guessPassword<T>(account: string, address: string, check: () => Promise<T>): Promise<T> {
    const from = addressGroup(address);
    // The narrowest first, so that what it refuses does not count against the wider ones.
    const tries: [limit: Limit, who: string][] = [
      ['passwordsPerAccountAndAddress', `${account} ${from}`],
      ['passwordsPerAddress', from],
      ['passwordsPerAccount', account],
    ];
    await this.refuseSpent(tries);
    const leave = this.limiters && this.checks.enter(`${account} ${from}`);
    try {
      const answer = await check();
      await this.refuseSpent(tries);
      return answer;
    } catch (error) {
      if (error instanceof AppError && error.code === 'bad_credentials')
        for (const [limit, who] of tries) await this.take(limit, who);
      throw error;
    } finally {
      leave?.();
    }
  }

  /** rate_limited when there is no try left of one of these. */
  private async refuseSpent(tries: [limit: Limit, who: string][]): Promise<void> {
    const counts = await Promise.all(tries.map(async ([limit, who]) => this.limiters?.get(limit)!.get(hashed(who))));
    for (const count of counts) if (count && count.remainingPoints <= 0) throw refusal(count);
  }
}

function refusal({ msBeforeNext }: RateLimiterRes): AppError {
  return new AppError('rate_limited', undefined, {}, Math.ceil(msBeforeNext / 1000));
}

/** One visitor's part of the net: an IPv4 address, or the /64 that everybody with IPv6 has at least. */
export function addressGroup(address: string): string {
  if (!isIPv6(address)) return address;
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  if (mapped) return mapped;
  const [head = ''] = address.split('::');
  return (
    head
      .split(':')
      .slice(0, 4)
      .join(':')
      .replace(/(:0)+$/, '')
      .toLowerCase() + '::/64'
  );
}

/** Keys of one length that tell nobody's address. */
function hashed(who: string): string {
  return createHash('sha256').update(who).digest('base64url');
}
