// Gives money back, as often as it was asked for and no more. Refunds are rare, so the sweep makes them: no job saves
// the second until it comes.
import { Inject, Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { ordersRpc } from '@shop/contracts/orders';
import { crashPoint } from '@shop/kit/crash-point';
import { InFlight } from '@shop/kit/in-flight';
import { Log } from '@shop/kit/log';
import { Rpc } from '@shop/kit/rpc/rpc';
import { DataSource } from 'typeorm';
import { creditAccount, providerAccount } from './ledger.js';
import { sharesOf } from './payment-writes.js';
import { paymentsConfig, type PaymentsConfig } from './payments.config.js';
import type { RefundResult } from './provider.js';
import { ProviderNotConfigured, providerNames, Providers } from './providers.js';
import { claimDueRefunds, endRefund, refundedCents, settleRefund, type RefundAttempt } from './refund-writes.js';

/** Refunds are rare. At a time, per provider. */
const IN_FLIGHT = 50;

@Injectable()
export class RefundPayment {
  private readonly inFlight: InFlight;

  constructor(
    @InjectDataSource('payments') private readonly db: DataSource,
    @Inject(paymentsConfig.token) private readonly config: PaymentsConfig,
    private readonly providers: Providers,
    private readonly rpc: Rpc,
    private readonly log: Log,
  ) {
    this.inFlight = new InFlight(IN_FLIGHT, log);
  }

  /** Begins attempts at what is due; answers whether there may be more, and room for it. */
  sweep(): Promise<boolean> {
    return this.inFlight.startDue(
      sharesOf(providerNames),
      async (room) => {
        const due = await claimDueRefunds(this.db, room, this.config.PAYMENT_LEASE_SECONDS, this.providers.current);
        if (due.length > 0) crashPoint('payments.after-claiming-refund');
        return due;
      },
      (refund) =>
        this.attempt(refund).catch((error: unknown) => {
          const { refundId, orderId } = refund;
          const level = error instanceof ProviderNotConfigured ? 'error' : 'warn';
          this.log[level]({ err: error, refundId, orderId }, 'refund is not done yet');
        }),
    );
  }

  /** Resolves when no attempt is under way. */
  idle(): Promise<void> {
    return this.inFlight.idle();
  }

  /** An exception means that the refund is tried again: with the provider, or only telling orders of it. */
  private async attempt(refund: RefundAttempt): Promise<void> {
    const { refundId, orderId } = refund;
    if (refund.status === 'waiting') {
      const result = await this.giveBack(refund);
      crashPoint('payments.after-giving-back');
      if (result.status === 'failed') this.log.error({ refundId, orderId, ...result }, 'refund failed');
      await settleRefund(this.db, refundId, result, accountOf(refund));
      crashPoint('payments.after-settling-refund');
      if (result.status === 'failed') return;
    }
    await this.rpc.call(ordersRpc.refundSettled, { orderId, refundedCents: await refundedCents(this.db, orderId) });
    crashPoint('payments.after-telling-refund');
    await endRefund(this.db, refundId);
  }

  private async giveBack({ method, provider, chargeId, attempts, ...refund }: RefundAttempt): Promise<RefundResult> {
    if (method === 'credit') return { status: 'refunded' };
    if (provider === null || chargeId === null) return { status: 'failed', failure: 'no charge' };
    return (await this.providers.of(provider)).refund({ ...refund, chargeId, again: attempts > 1 });
  }
}

/** Where the money came from; null when nothing was charged. */
function accountOf({ method, provider, customerId }: RefundAttempt): string | null {
  return method === 'credit' ? creditAccount(customerId) : provider && providerAccount(provider);
}
