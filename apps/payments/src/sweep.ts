// Tries payments again: those whose provider gave no result, and those whose process died. Makes refunds. Forgets old
// messages of the provider. Runs on every replica.
import { Inject, Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { crashPoint } from '@shop/kit/crash-point';
import { Log } from '@shop/kit/log';
import { repeat } from '@shop/kit/repeat';
import { DataSource } from 'typeorm';
import { ChargePayment } from './charge-payment.js';
import { paymentsConfig, type PaymentsConfig } from './payments.config.js';
import { pruneEvents } from './provider-events.js';
import { ProviderNotConfigured } from './providers.js';
import { RefundPayment } from './refund-payment.js';
import { claimDueRefunds } from './refund-writes.js';

/** Payments, and refunds, at a time, per replica. */
const BATCH = 50;

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
      repeat({ ...every, name: 'payment sweep' }, () => this.sweepPayments()),
      repeat({ ...every, name: 'refund sweep' }, () => this.sweepRefunds()),
      repeat({ ...every, name: 'event pruning', seconds: seconds * PRUNE_ROUNDS }, () => pruneEvents(this.db)),
    ];
  }

  async onModuleDestroy(): Promise<void> {
    await Promise.all(this.stops.map((stop) => stop()));
  }

  private async sweepPayments(): Promise<boolean> {
    const due = await this.charging.claimDue(BATCH);
    if (due.length > 0) crashPoint('payments.after-claiming');
    await Promise.all(
      due.map((attempt) =>
        this.charging.attempt(attempt).catch((error: unknown) => {
          this.log.warn({ err: error, orderId: attempt.orderId }, 'payment is still stuck');
        }),
      ),
    );
    return due.length === BATCH;
  }

  private async sweepRefunds(): Promise<boolean> {
    const due = await claimDueRefunds(this.db, BATCH, this.config.PAYMENT_LEASE_SECONDS);
    if (due.length > 0) crashPoint('payments.after-claiming-refund');
    await Promise.all(
      due.map((refund) =>
        this.refunding.attempt(refund).catch((error: unknown) => {
          const { refundId, orderId } = refund;
          const level = error instanceof ProviderNotConfigured ? 'error' : 'warn';
          this.log[level]({ err: error, refundId, orderId }, 'refund is not done yet');
        }),
      ),
    );
    return due.length === BATCH;
  }
}
