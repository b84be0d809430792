// Tries payments again: those whose provider gave no result, and those whose process died. Runs on every replica.
import { Inject, Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { crashPoint } from '@shop/kit/crash-point';
import { Log } from '@shop/kit/log';
import { repeat } from '@shop/kit/repeat';
import { DataSource } from 'typeorm';
import { ChargePayment } from './charge-payment.js';
import { claimDuePayments } from './payment-writes.js';
import { paymentsConfig, type PaymentsConfig } from './payments.config.js';

/** Payments at a time, per replica. */
const BATCH = 50;

@Injectable()
export class Sweep implements OnApplicationBootstrap, OnModuleDestroy {
  private stop = () => Promise.resolve();

  constructor(
    @InjectDataSource('payments') private readonly db: DataSource,
    @Inject(paymentsConfig.token) private readonly config: PaymentsConfig,
    private readonly charging: ChargePayment,
    private readonly log: Log,
  ) {}

  onApplicationBootstrap(): void {
    const every = { name: 'payment sweep', seconds: this.config.PAYMENTS_SWEEP_SECONDS, log: this.log };
    this.stop = repeat(every, () => this.sweep());
  }

  onModuleDestroy(): Promise<void> {
    return this.stop();
  }

  private async sweep(): Promise<boolean> {
    const due = await claimDuePayments(this.db, BATCH, this.config.PAYMENT_LEASE_SECONDS);
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
}
