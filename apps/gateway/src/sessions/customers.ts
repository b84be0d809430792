// Looks up the customer of a session: a short-lived copy in Redis (cache), otherwise accounts.
import { Inject, Injectable } from '@nestjs/common';
import { accountsRpc, Customer } from '@shop/contracts/accounts';
import { withTimeout } from '@shop/kit/with-timeout';
import { CACHE_MS, REDIS_CACHE } from '@shop/kit/redis';
import { AppError } from '@shop/rpc/errors';
import { Rpc } from '@shop/rpc/rpc';
import type { Redis } from 'ioredis';

/**
 * TTL of a fresh copy. A customer who is deleted or demoted by SQL keeps access for this long. A shorter TTL costs one
 * indexed read in accounts per active customer and TTL.
 */
const FRESH_MS = 2000;

/** TTL of the copy that is used while accounts is unavailable. */
const FALLBACK_MS = 600_000;

/** After a change no copy is stored for this long, so that a read that began before the change cannot store old data. */
const CHANGED_MS = 5000;

@Injectable()
export class Customers {
  constructor(
    private readonly rpc: Rpc,
    @Inject(REDIS_CACHE) private readonly cache: Redis,
  ) {}

  /** Undefined for a customer who does not exist. Throws when accounts is unavailable and there is no copy. */
  async find(id: string): Promise<Customer | undefined> {
    return (await this.copy(freshKey(id))) ?? (await this.load(id));
  }

  /** To be called after every change. An empty value marks the change. */
  async forget(id: string): Promise<void> {
    const changed = this.cache.multi().set(freshKey(id), '', 'PX', CHANGED_MS).del(fallbackKey(id)).exec();
    await withTimeout(changed, CACHE_MS).catch(() => undefined);
  }

  private async load(id: string): Promise<Customer | undefined> {
    try {
      const customer = await this.rpc.call(accountsRpc.getCustomer, { id });
      this.store(id, customer);
      this.cache.set(fallbackKey(id), JSON.stringify(customer), 'PX', FALLBACK_MS).catch(() => undefined);
      return customer;
    } catch (error) {
      if (error instanceof AppError && error.code === 'not_found') {
        this.cache.del(fallbackKey(id)).catch(() => undefined);
        return undefined;
      }
      const fallback = await this.copy(fallbackKey(id));
      if (!fallback) throw error;
      this.store(id, fallback); // The next requests do not wait for accounts.
      return fallback;
    }
  }

  /** Undefined also when the cache is unavailable or holds what another version wrote. */
  private copy(key: string): Promise<Customer | undefined> {
    return withTimeout(this.cache.get(key), CACHE_MS)
      .then((json) => (json ? Customer.parse(JSON.parse(json)) : undefined))
      .catch(() => undefined);
  }

  /** NX, so that it cannot overwrite the mark of a change. */
  private store(id: string, customer: Customer): void {
    this.cache.set(freshKey(id), JSON.stringify(customer), 'PX', FRESH_MS, 'NX').catch(() => undefined);
  }
}

const freshKey = (id: string) => `customer:${id}`;
const fallbackKey = (id: string) => `customer:${id}:kept`;
