// Who a customer is, and whether they still exist: a copy in Redis (cache) for a moment, else accounts.
import { Inject, Injectable } from '@nestjs/common';
import { accountsRpc, Customer } from '@shop/contracts/accounts';
import { withTimeout } from '@shop/kit/with-timeout';
import { CACHE_MS, REDIS_CACHE } from '@shop/kit/redis';
import { AppError } from '@shop/rpc/errors';
import { Rpc } from '@shop/rpc/rpc';
import type { Redis } from 'ioredis';

/**
 * TTL of a copy, and so how long a customer deleted or demoted in the database alone keeps their access. Every request of a
 * customer is checked against the copy: a shorter TTL costs accounts one indexed read per active customer and TTL.
 */
const FRESH_MS = 2000;

/**
 * How long accounts' last answer about a customer counts while accounts is unavailable: an outage stops log-ins, and customers without one.
 */
const KEPT_MS = 600_000;

/** How long no copy is kept after a change: longer than a read that began before the change may last. */
const CHANGED_MS = 5000;

@Injectable()
export class Customers {
  constructor(
    private readonly rpc: Rpc,
    @Inject(REDIS_CACHE) private readonly cache: Redis,
  ) {}

  /** Undefined for a customer who does not exist (any more). Throws when accounts cannot be asked and no copy is left. */
  async find(id: string): Promise<Customer | undefined> {
    return (await this.copy(freshKey(id))) ?? (await this.ask(id));
  }

  /** To be called after every change, with an empty copy as the word of it. */
  async forget(id: string): Promise<void> {
    const changed = this.cache.multi().set(freshKey(id), '', 'PX', CHANGED_MS).del(keptKey(id)).exec();
    await withTimeout(changed, CACHE_MS).catch(() => undefined);
  }

  private async ask(id: string): Promise<Customer | undefined> {
    try {
      const customer = await this.rpc.call(accountsRpc.getCustomer, { id });
      this.write(id, customer);
      this.cache.set(keptKey(id), JSON.stringify(customer), 'PX', KEPT_MS).catch(() => undefined);
      return customer;
    } catch (error) {
      if (error instanceof AppError && error.code === 'not_found') {
        this.cache.del(keptKey(id)).catch(() => undefined);
        return undefined;
      }
      const kept = await this.copy(keptKey(id));
      if (!kept) throw error;
      this.write(id, kept); // The next requests need not wait for accounts again.
      return kept;
    }
  }

  /** The cache is a help, never a condition. */
  private copy(key: string): Promise<Customer | undefined> {
    return withTimeout(this.cache.get(key), CACHE_MS)
      .then(read)
      .catch(() => undefined);
  }

  /** NX: a value read before a change must not overwrite its marker. */
  private write(id: string, customer: Customer): void {
    this.cache.set(freshKey(id), JSON.stringify(customer), 'PX', FRESH_MS, 'NX').catch(() => undefined);
  }
}

/** Throws at what another version may have written. */
function read(copy: string | null): Customer | undefined {
  return copy ? Customer.parse(JSON.parse(copy)) : undefined;
}

function freshKey(id: string): string {
  return `customer:${id}`;
}

function keptKey(id: string): string {
  return `customer:${id}:kept`;
}
