// Who a customer is, cache-aside: a copy in Redis (cache) for a moment, else accounts.
import { Inject, Injectable } from '@nestjs/common';
import { accountsRpc, Customer } from '@shop/contracts/accounts';
import { inTime } from '@shop/kit/in-time';
import { CACHE_MS, REDIS_CACHE } from '@shop/kit/redis';
import { Rpc } from '@shop/kit/rpc/rpc';
import type { Redis } from 'ioredis';

/** How long a copy may outlive a change when the word of that change is lost. */
const FRESH_MS = 30_000;

/** How long no copy is kept after a change: longer than a read that began before the change may last. */
const CHANGED_MS = 5000;

@Injectable()
export class Customers {
  constructor(
    private readonly rpc: Rpc,
    @Inject(REDIS_CACHE) private readonly cache: Redis,
  ) {}

  /** not_found for a customer who is no more. */
  async get(id: string): Promise<Customer> {
    const copy = await inTime(this.cache.get(key(id)), CACHE_MS)
      .then(read)
      .catch(() => undefined);
    if (copy) return copy;
    const customer = await this.rpc.call(accountsRpc.getCustomer, { id });
    // The cache is a help, never a condition. NX: over the word of a change nothing is written that was read before it.
    this.cache.set(key(id), JSON.stringify(customer), 'PX', FRESH_MS, 'NX').catch(() => undefined);
    return customer;
  }

  /** To be called after every change, with an empty copy as the word of it. */
  async forget(id: string): Promise<void> {
    await inTime(this.cache.set(key(id), '', 'PX', CHANGED_MS), CACHE_MS).catch(() => undefined);
  }
}

/** Throws at what another version may have written. */
function read(copy: string | null): Customer | undefined {
  return copy ? Customer.parse(JSON.parse(copy)) : undefined;
}

function key(id: string): string {
  return `customer:${id}`;
}
