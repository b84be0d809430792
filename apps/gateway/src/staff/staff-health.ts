// Whether every service answers, and the state of every queue.
import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { accountsRpc } from '@shop/contracts/accounts';
import { catalogRpc } from '@shop/contracts/catalog';
import { ordersRpc } from '@shop/contracts/orders';
import { paymentsRpc } from '@shop/contracts/payments';
import type { QueueHealth, StaffHealth } from '@shop/contracts/staff';
import { kitConfig, type KitConfig } from '@shop/kit/kit.config';
import { Log } from '@shop/kit/log';
import type { Queues } from '@shop/kit/queue';
import { Rpc } from '@shop/rpc/rpc';

/** Each of these calls reads the service's own database or cache. */
const probes: Record<string, (rpc: Rpc, staffId: string) => Promise<unknown>> = {
  accounts: (rpc, id) => rpc.call(accountsRpc.getCustomer, { id }),
  catalog: (rpc) => rpc.call(catalogRpc.listCategories, {}),
  orders: (rpc) => rpc.call(ordersRpc.listOrders, { limit: 1 }),
  payments: (rpc, customerId) => rpc.call(paymentsRpc.getCredit, { customerId }),
};

@Injectable()
export class StaffHealthReader implements OnApplicationShutdown {
  private queues: Queues | undefined;

  constructor(
    private readonly rpc: Rpc,
    @Inject(kitConfig.token) private readonly config: KitConfig,
    private readonly log: Log,
  ) {}

  async read(staffId: string): Promise<StaffHealth> {
    const names = Object.keys(probes);
    const [services, queues] = await Promise.all([
      Promise.all(names.map((name) => this.probe(name, staffId))),
      this.readQueues(),
    ]);
    return { at: new Date().toISOString(), services, queues };
  }

  onApplicationShutdown(): void {
    this.queues?.onApplicationShutdown();
  }

  private async probe(name: string, staffId: string): Promise<StaffHealth['services'][number]> {
    const startedAt = performance.now();
    const up = await probes[name]!(this.rpc, staffId).then(
      () => true,
      () => false,
    );
    const ms = Math.round(performance.now() - startedAt);
    return { name, up, ms, replicas: this.rpc.replicas(name) };
  }

  private async readQueues(): Promise<QueueHealth[] | null> {
    try {
      const { Queues, readQueues } = await import('./queue-health.js');
      this.queues ??= new Queues(this.config, this.log);
      return await readQueues(this.queues);
    } catch (error) {
      this.log.warn({ err: error }, 'the state of the queues could not be read');
      return null;
    }
  }
}
