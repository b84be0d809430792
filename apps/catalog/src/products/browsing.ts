// What shoppers read goes to Postgres through here: it uses a part of the connections, and checkout always finds one.
import { Inject, Injectable } from '@nestjs/common';
import { catalogRpc } from '@shop/contracts/catalog';
import { currentContext, newRequestId, runInContext } from '@shop/kit/context';
import { kitConfig, type KitConfig } from '@shop/kit/kit.config';
import { PoolShare } from '@shop/kit/pool-share';

const READ_MS = catalogRpc.listProducts.deadlineMs;

@Injectable()
export class Browsing {
  private readonly lists: PoolShare;
  private readonly products: PoolShare;

  constructor(@Inject(kitConfig.token) { DATABASE_POOL_SIZE: connections }: KitConfig) {
    this.lists = new PoolShare({ connections, share: 0.4, maxQueued: 60 });
    // By its key, which takes a fraction of a millisecond: many may wait, but not when Postgres has become slow.
    this.products = new PoolShare({ connections, share: 0.3, maxQueued: 1000, maxWaitMs: 250 });
  }

  list<T>(read: () => Promise<T>): Promise<T> {
    return withOwnDeadline(() => this.lists.run(read));
  }

  product<T>(read: () => Promise<T>): Promise<T> {
    return withOwnDeadline(() => this.products.run(read));
  }
}

/** Others wait for the same answer, and the first to ask may have had little time left. */
function withOwnDeadline<T>(read: () => Promise<T>): Promise<T> {
  const requestId = currentContext()?.requestId ?? newRequestId();
  return runInContext({ requestId, deadlineAt: performance.now() + READ_MS }, read);
}
