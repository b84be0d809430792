// Reads by shoppers share a part of the connections to Postgres, so that checkout always finds a free one.
import { Inject, Injectable } from '@nestjs/common';
import { catalogRpc } from '@shop/contracts/catalog';
import { kitConfig, type KitConfig } from '@shop/kit/kit.config';
import { PoolShare } from '@shop/kit/pool-share';
import { currentContext, newRequestId, runInContext } from '@shop/rpc/context';

const READ_MS = catalogRpc.listProducts.deadlineMs;

@Injectable()
export class Browsing {
  private readonly lists: PoolShare;
  private readonly products: PoolShare;

  constructor(@Inject(kitConfig.token) { DATABASE_POOL_SIZE: connections }: KitConfig) {
    this.lists = new PoolShare({ connections, share: 0.4, maxQueued: 60 });
    // A read by key takes a fraction of a millisecond, so many may queue, but not for long once Postgres is slow.
    this.products = new PoolShare({ connections, share: 0.3, maxQueued: 1000, maxWaitMs: 250 });
  }

  list<T>(read: () => Promise<T>): Promise<T> {
    return withOwnDeadline(() => this.lists.run(read));
  }

  product<T>(read: () => Promise<T>): Promise<T> {
    return withOwnDeadline(() => this.products.run(read));
  }
}

/** Several callers share one read, so it must not end with the deadline of the first. */
function withOwnDeadline<T>(read: () => Promise<T>): Promise<T> {
  const requestId = currentContext()?.requestId ?? newRequestId();
  return runInContext({ requestId, deadlineAt: performance.now() + READ_MS }, read);
}
