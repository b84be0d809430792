// Tries payments again: those whose provider gave no result, and those whose process died. Makes refunds. Forgets old
// messages of the provider. Runs on every replica.
import { Inject, Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { Log } from '@shop/kit/log';
import { repeat } from '@shop/kit/repeat';
import { DataSource } from 'typeorm';
import { ChargePayment } from './charge-payment.js';
import { paymentsConfig, type PaymentsConfig } from './payments.config.js';
import { pruneEvents } from './provider-events.js';
import { RefundPayment } from './refund-payment.js';

/** Old messages are looked for once in so many rounds. */
const PRUNE_ROUNDS = 60;

@Injectable()
export class Sweep implements OnApplicationBootstrap, OnModuleDestroy {
  private stops: (() => Promise<void>)[] = [];

  constructor(
    @InjectDataSource('payments') private readonly db: DataSource,
    @Inject(paymentsConfig.token) private readonly config: PaymentsConfig,
    private readonly charging: ChargePayment,
    private readonly refunding: RefundPayment,
    private readonly log: Log,
  ) {}

  onApplicationBootstrap(): void {
    const seconds = this.config.PAYMENTS_SWEEP_SECONDS;
    const every = { seconds, log: this.log };
    this.stops = [
      repeat({ ...every, name: 'payment sweep' }, () => this.charging.sweep()),
      repeat({ ...every, name: 'refund sweep' }, () => this.refunding.sweep()),
      repeat({ ...every, name: 'event pruning', seconds: seconds * PRUNE_ROUNDS }, () => pruneEvents(this.db)),
    ];
  }

  /** Jobs and sweeps begin nothing any more; what is under way ends while there still is a database. */
  async onModuleDestroy(): Promise<void> {
    await Promise.all(this.stops.map((stop) => stop()));
    await Promise.all([this.charging.idle(), this.refunding.idle()]);
  }
}
