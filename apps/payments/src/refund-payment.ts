// Makes each requested refund exactly once. Refunds are rare, so they have no job: the sweep makes them within a second.
import { Inject, Injectable, type OnModuleDestroy } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { ordersRpc } from '@shop/contracts/orders';
import { failPoint } from '@shop/kit/fail-point';
import { InFlight } from '@shop/kit/in-flight';
import { Log } from '@shop/kit/log';
import { counter } from '@shop/kit/metrics';
import { Repeats } from '@shop/kit/repeat';
import { Rpc } from '@shop/rpc/rpc';
import { DataSource } from 'typeorm';
import { creditAccount, providerAccount } from './ledger.js';
import { shares } from './payment-writes.js';
import { paymentsConfig, type PaymentsConfig } from './payments.config.js';
import type { RefundResult } from './providers/provider.js';
import { ProviderNotConfigured, Providers } from './providers/providers.js';
import {
  claimDueRefunds,
  endCheck,
  endRefund,
  GIVEN_UP,
  refundedSum,
  reverseRefund,
  settleRefund,
  type RefundAttempt,
} from './refund-writes.js';

/** Limit of refunds under way per provider. */
const IN_FLIGHT = 50;

@Injectable()
export class RefundPayment implements OnModuleDestroy {
  private readonly inFlight: InFlight;
  private readonly outcomes = counter('refunds_total', 'Refunds by outcome', ['outcome']);

  constructor(
    @InjectDataSource('payments') private readonly db: DataSource,
    @Inject(paymentsConfig.token) private readonly config: PaymentsConfig,
    private readonly providers: Providers,
    private readonly rpc: Rpc,
    private readonly log: Log,
  ) {
    this.inFlight = new InFlight(IN_FLIGHT, log);
  }

  /** Begins attempts at due refunds; returns whether there may be more, and room for them. */
  @Repeats(paymentsConfig, { name: 'refund sweep', seconds: ({ PAYMENTS_SWEEP_SECONDS }) => PAYMENTS_SWEEP_SECONDS })
  sweep(): Promise<boolean> {
    return this.inFlight.startDue(
      shares,
      async (room) => {
        const { PAYMENT_LEASE_SECONDS, REFUND_GIVE_UP_SECONDS } = this.config;
        const due = await claimDueRefunds(this.db, room, PAYMENT_LEASE_SECONDS, REFUND_GIVE_UP_SECONDS);
        if (due.length > 0) failPoint('payments.after-claiming-refund');
        return due;
      },
      (refund) =>
        this.attempt(refund).catch((error: unknown) => {
          const { refundId, orderId, expired } = refund;
          const level = expired || error instanceof ProviderNotConfigured ? 'error' : 'warn';
          this.log[level]({ err: error, refundId, orderId }, 'refund is not done yet');
        }),
    );
  }

  /** The sweep has ended by now; attempts under way finish while there still is a database. */
  onModuleDestroy(): Promise<void> {
    return this.inFlight.idle();
  }

  /** An exception means that the sweep tries again later. */
  private async attempt(refund: RefundAttempt): Promise<void> {
    if (refund.status === 'waiting') {
      const outcome = await this.make(refund);
      if (outcome === 'refunded') await this.notifyOrders(refund, outcome);
      return;
    }
    if (refund.untold) await this.notifyOrders(refund, refund.status);
    if (refund.toCheck && (await this.check(refund))) await this.notifyOrders(refund, 'failed');
  }

  /** Returns undefined while the provider has the refund under way, and when it had been settled before. */
  private async make(refund: RefundAttempt): Promise<'refunded' | 'failed' | undefined> {
    const { refundId, orderId } = refund;
    const result = await this.giveBack(refund);
    failPoint('payments.after-giving-back');
    if (result.status === 'waiting') {
      if (refund.expired)
        this.log.error({ refundId, orderId }, 'refund is overdue: the provider still has it under way');
      return undefined;
    }
    if (result.status === 'failed') this.log.error({ refundId, orderId, ...result }, 'refund failed');
    const settled = await settleRefund(this.db, refund, result, accountOf(refund));
    failPoint('payments.after-settling-refund');
    if (!settled) return undefined;
    this.outcomes.inc({ outcome: result.status });
    return result.status;
  }

  private async giveBack(refund: RefundAttempt): Promise<RefundResult> {
    if (refund.method === 'credit') return { status: 'refunded' };
    const card = cardRefundOf(refund);
    if (!card) return { status: 'failed', failure: 'no charge' };
    const provider = await this.providers.of(card.provider);
    if (!refund.expired) return provider.refund(card);
    // The last request is at least one lease old, so a refund that is missing now will not appear later.
    return (await provider.findRefund(card)) ?? { status: 'failed', failure: GIVEN_UP };
  }

  /** Books a refund back that has failed since it was made; returns whether it did. */
  private async check(refund: RefundAttempt): Promise<boolean> {
    const { refundId, orderId } = refund;
    const card = cardRefundOf(refund);
    const found = card && (await (await this.providers.of(card.provider)).findRefund(card));
    failPoint('payments.after-checking-refund');
    if (found?.status !== 'failed') {
      await endCheck(this.db, refund, this.config.REFUND_WATCH_SECONDS);
      return false;
    }
    const reversed = await reverseRefund(this.db, refund, found.failure, accountOf(refund));
    failPoint('payments.after-reversing-refund');
    if (!reversed) return false;
    this.log.error({ refundId, orderId, ...found }, 'refund failed after it was made, and was booked back');
    this.outcomes.inc({ outcome: 'reversed' });
    return true;
  }

  private async notifyOrders({ refundId, orderId }: RefundAttempt, outcome: 'refunded' | 'failed'): Promise<void> {
    const sum = await refundedSum(this.db, orderId);
    const { revision } = await this.rpc.call(ordersRpc.refundSettled, { orderId, ...sum });
    failPoint('payments.after-telling-refund');
    // An older version of orders does not accept a lower sum, and returns no revision.
    if (outcome === 'failed' && revision === undefined) throw new Error('orders does not take refunds back yet');
    await endRefund(this.db, refundId, outcome);
  }
}

function cardRefundOf({ provider, chargeId, attempts, ...refund }: RefundAttempt) {
  return provider && chargeId ? { ...refund, provider, chargeId, again: attempts > 1 } : undefined;
}

/** The account that the money came from; null when nothing was charged. */
function accountOf({ method, provider, customerId }: RefundAttempt): string | null {
  return method === 'credit' ? creditAccount(customerId) : provider && providerAccount(provider);
}
