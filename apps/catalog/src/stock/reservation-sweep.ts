// Asks orders about expired reservations, and confirms, releases or prolongs each. Runs on every replica.
import { Inject, Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { ordersRpc, type OrderStatus } from '@shop/contracts/orders';
import { Log } from '@shop/kit/log';
import { repeat } from '@shop/kit/repeat';
import { Rpc } from '@shop/rpc/rpc';
import { catalogConfig, type CatalogConfig } from '../catalog.config.js';
import { Reservations } from './reserve.js';

/** Reservations per round and replica. */
const BATCH = 100;

const ends = {
  new: 'prolong',
  pending: 'prolong',
  paid: 'confirm',
  refunded: 'confirm',
  rejected: 'release',
} as const satisfies Record<OrderStatus, string>;

@Injectable()
export class ReservationSweep implements OnApplicationBootstrap, OnModuleDestroy {
  private stop = () => Promise.resolve();

  constructor(
    @Inject(catalogConfig.token) private readonly config: CatalogConfig,
    private readonly reservations: Reservations,
    private readonly rpc: Rpc,
    private readonly log: Log,
  ) {}

  onApplicationBootstrap(): void {
    const every = { name: 'reservation sweep', seconds: this.config.CATALOG_SWEEP_SECONDS, log: this.log };
    this.stop = repeat(every, () => this.sweep());
  }

  onModuleDestroy(): Promise<void> {
    return this.stop();
  }

  /** While orders is unavailable nothing changes: claimed reservations are due again one sweep later. */
  private async sweep(): Promise<boolean> {
    const ids = await this.reservations.claimExpired(BATCH, this.config.CATALOG_SWEEP_SECONDS);
    if (ids.length === 0) return false;
    const { orders } = await this.rpc.call(ordersRpc.orderStates, { ids });
    const statuses = new Map(orders.map(({ id, status }) => [id, status]));
    const endOf = (id: string) => {
      const status = statuses.get(id);
      // An order is written before it reserves, so an unknown order was deleted since.
      return status === undefined ? 'release' : ends[status];
    };
    const alive = ids.filter((id) => endOf(id) === 'prolong');
    if (alive.length > 0) await this.reservations.prolong(alive);
    for (const id of ids) {
      const end = endOf(id);
      if (end === 'prolong') continue;
      this.log.info({ orderId: id, status: statuses.get(id) ?? 'unknown' }, `reservation expired: ${end}`);
      await this.reservations[end](id);
    }
    return ids.length === BATCH;
  }
}
