// Gives money back, as often as it was asked for and no more. Refunds are rare, so the sweep makes them: no job saves
// the second until it comes.
import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { ordersRpc } from '@shop/contracts/orders';
import { crashPoint } from '@shop/kit/crash-point';
import { Log } from '@shop/kit/log';
import { Rpc } from '@shop/kit/rpc/rpc';
import { DataSource } from 'typeorm';
import { creditAccount, providerAccount } from './ledger.js';
import type { RefundResult } from './provider.js';
import { Providers } from './providers.js';
import { endRefund, refundedCents, settleRefund, type RefundAttempt } from './refund-writes.js';

@Injectable()
export class RefundPayment {
  constructor(
    @InjectDataSource('payments') private readonly db: DataSource,
    private readonly providers: Providers,
    private readonly rpc: Rpc,
    private readonly log: Log,
  ) {}

  /** An exception means that the refund is tried again: with the provider, or only telling orders of it. */
  async attempt(refund: RefundAttempt): Promise<void> {
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
