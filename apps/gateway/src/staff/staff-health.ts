// Asks every service something small and every queue how it stands, all at once.
import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { accountsRpc } from '@shop/contracts/accounts';
import { catalogRpc } from '@shop/contracts/catalog';
import { ordersRpc } from '@shop/contracts/orders';
import { paymentsRpc } from '@shop/contracts/payments';
import type { QueueHealth, StaffHealth } from '@shop/contracts/staff';
import { kitConfig, type KitConfig } from '@shop/kit/kit.config';
import { Log } from '@shop/kit/log';
import { Rpc } from '@shop/rpc/rpc';
import type { QueueReads } from './queue-health.js';

/** Each of these looks into the service's own store. */
const questions: Record<string, (rpc: Rpc, staffId: string) => Promise<unknown>> = {
  accounts: (rpc, id) => rpc.call(accountsRpc.getCustomer, { id }),
  catalog: (rpc) => rpc.call(catalogRpc.listCategories, {}),
  orders: (rpc) => rpc.call(ordersRpc.listOrders, { limit: 1 }),
  payments: (rpc, customerId) => rpc.call(paymentsRpc.getCredit, { customerId }),
};

@Injectable()
export class StaffHealthReads implements OnApplicationShutdown {
  private queues: Promise<QueueReads> | undefined;

  constructor(
    private readonly rpc: Rpc,
    @Inject(kitConfig.token) private readonly config: KitConfig,
    private readonly log: Log,
  ) {}

  async read(staffId: string): Promise<StaffHealth> {
    const names = Object.keys(questions);
    const [services, queues] = await Promise.all([
      Promise.all(names.map((name) => this.service(name, staffId))),
      this.allQueues(),
    ]);
    return { at: new Date().toISOString(), services, queues };
  }

  async onApplicationShutdown(): Promise<void> {
    (await this.queues)?.close();
  }

  private async service(name: string, staffId: string): Promise<StaffHealth['services'][number]> {
    const startedAt = performance.now();
    const up = await questions[name]!(this.rpc, staffId).then(
      () => true,
      () => false,
    );
    const ms = Math.round(performance.now() - startedAt);
    return { name, up, ms, replicas: this.rpc.replicas(name) };
  }

  private async allQueues(): Promise<QueueHealth[] | null> {
    try {
      this.queues ??= import('./queue-health.js').then(({ openQueueReads }) => openQueueReads(this.config, this.log));
      return await (await this.queues).all();
    } catch (error) {
      this.log.warn({ err: error }, 'queues did not say how they stand');
      return null;
    }
  }
}
