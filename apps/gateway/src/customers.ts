// Who a customer is, and whether they still exist: a copy in Redis (cache) for a moment, else accounts.
import { Inject, Injectable } from '@nestjs/common';
import { accountsRpc, Customer } from '@shop/contracts/accounts';
import { AppError } from '@shop/kit/errors';
import { inTime } from '@shop/kit/in-time';
import { CACHE_MS, REDIS_CACHE } from '@shop/kit/redis';
import { Rpc } from '@shop/kit/rpc/rpc';
import type { Redis } from 'ioredis';

/**
 * TTL of a copy, and so how long a customer deleted or demoted in the database alone keeps their access. Every request of a
 * customer is checked against the copy: a shorter TTL costs accounts one indexed read per active customer and TTL.
 */
const FRESH_MS = 2000;

/** How long no copy is kept after a change: longer than a read that began before the change may last. */
const CHANGED_MS = 5000;

@Injectable()
export class Customers {
  constructor(
    private readonly rpc: Rpc,
    @Inject(REDIS_CACHE) private readonly cache: Redis,
  ) {}

  /** Undefined for a customer who does not exist (any more). Throws when accounts cannot be asked. */
  async find(id: string): Promise<Customer | undefined> {
    const copy = await inTime(this.cache.get(key(id)), CACHE_MS)
      .then(read)
      .catch(() => undefined);
    if (copy) return copy;
    const customer = await this.rpc.call(accountsRpc.getCustomer, { id }).catch(undefinedIfGone);
    if (!customer) return undefined;
    // The cache is a help, never a condition. NX: over the word of a change nothing is written that was read before it.
    this.cache.set(key(id), JSON.stringify(customer), 'PX', FRESH_MS, 'NX').catch(() => undefined);
    return customer;
  }

  /** To be called after every change, with an empty copy as the word of it. */
  async forget(id: string): Promise<void> {
    await inTime(this.cache.set(key(id), '', 'PX', CHANGED_MS), CACHE_MS).catch(() => undefined);
  }
}

function undefinedIfGone(error: unknown): undefined {
  if (error instanceof AppError && error.code === 'not_found') return undefined;
  throw error;
}

/** Throws at what another version may have written. */
function read(copy: string | null): Customer | undefined {
  return copy ? Customer.parse(JSON.parse(copy)) : undefined;
}

function key(id: string): string {
  return `customer:${id}`;
}
