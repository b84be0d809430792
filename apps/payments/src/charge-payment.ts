// Charges an order exactly once, however often it is asked and wherever it is interrupted.
import { Inject, Injectable, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { ordersJobs, type PaymentOutcome } from '@shop/contracts/orders';
import { paymentsJobs, type ChargePayment as ChargeRequest } from '@shop/contracts/payments';
import { failPoint } from '@shop/kit/fail-point';
import { sql } from '@shop/kit/database';
import { HandlesJob } from '@shop/kit/handles-job';
import { InFlight } from '@shop/kit/in-flight';
import { Log } from '@shop/kit/log';
import { Queues } from '@shop/kit/queue';
import { exportQueueDepth } from '@shop/kit/queue-depth';
import { Repeats } from '@shop/kit/repeat';
import { DataSource } from 'typeorm';
import * as writes from './payment-writes.js';
import { paymentsConfig, type PaymentsConfig } from './payments.config.js';
import { ProviderUnreachable, type ChargeResult } from './providers/provider.js';
import { ProviderNotConfigured, Providers } from './providers/providers.js';

/** The part of each share that new payments leave to those that are due, which would starve otherwise. */
const KEPT_FOR_SWEEP = 0.2;

const { queue } = paymentsJobs.chargePayment;

@Injectable()
export class ChargePayment implements OnModuleInit, OnModuleDestroy {
  private readonly inFlight: InFlight;

  constructor(
    @InjectDataSource('payments') private readonly db: DataSource,
    @Inject(paymentsConfig.token) private readonly config: PaymentsConfig,
    private readonly providers: Providers,
    private readonly queues: Queues,
    private readonly log: Log,
  ) {
    this.inFlight = new InFlight(config.PAYMENTS_IN_FLIGHT, log);
  }

  /** Autoscaling counts payments that no process has room for as jobs. */
  onModuleInit(): void {
    exportQueueDepth(queue, async () => (await this.queues.depth(queue)) + (await this.countDue()));
  }

  /** Jobs and sweeps have ended by now; attempts under way finish while there still is a database. */
  onModuleDestroy(): Promise<void> {
    return this.inFlight.idle();
  }

  /** Payments under way are left out: more processes could not make a provider answer sooner. */
  private async countDue(): Promise<number> {
    const text = 'select count(*)::int as payments from payments where next_attempt_at <= now()';
    const [due] = await sql<{ payments: number }>(this.db, text);
    return due!.payments;
  }

  /**
   * Writes the payment down and begins its first attempt, without waiting for the provider: the row says when the next
   * attempt is due, and the sweep makes it. Without room the first attempt is left to the sweep as well.
   */
  @HandlesJob(paymentsJobs.chargePayment)
  async charge(request: ChargeRequest): Promise<void> {
    const { orderId, payment, amountCents } = request;
    const provider = payment.method === 'card' && amountCents > 0 ? this.providers.current : null;
    const begun = this.inFlight.room(writes.shareOf(provider)) > this.config.PAYMENTS_IN_FLIGHT * KEPT_FOR_SWEEP;
    const { PAYMENT_LEASE_SECONDS: leaseSeconds, PAYMENT_GIVE_UP_SECONDS: giveUpSeconds } = this.config;
    const attempt = await writes.insertPayment(this.db, { ...request, provider, begun, leaseSeconds, giveUpSeconds });
    failPoint('payments.after-insert');
    if (attempt && begun) this.inFlight.start(attempt.share, () => this.attempt(attempt));
    if (attempt) return;
    const state = await writes.stateOf(this.db, orderId);
    if (state.status === 'paid' || state.status === 'declined') await this.notifyOrders(orderId, state);
  }

  /** Begins attempts at due payments; returns whether there may be more, and room for them. */
  @Repeats(paymentsConfig, { name: 'payment sweep', seconds: ({ PAYMENTS_SWEEP_SECONDS }) => PAYMENTS_SWEEP_SECONDS })
  sweep(): Promise<boolean> {
    return this.inFlight.startDue(
      writes.shares,
      async (room) => {
        const { PAYMENT_LEASE_SECONDS } = this.config;
        const due = await writes.claimDuePayments(this.db, room, PAYMENT_LEASE_SECONDS, this.providers.current);
        if (due.length > 0) failPoint('payments.after-claiming');
        return due;
      },
      (attempt) => this.attempt(attempt),
    );
  }

  private async attempt(attempt: writes.Attempt): Promise<void> {
    const { orderId } = attempt;
    let result: ChargeResult;
    try {
      if (attempt.payment.method === 'credit' && attempt.amountCents > 0) {
        const outcome = await writes.settleByCredit(this.db, attempt);
        failPoint('payments.after-credit');
        if (outcome) await this.notifyOrders(orderId, outcome);
        return;
      }
      result = await this.ask(attempt);
      failPoint('payments.after-charging');
    } catch (error) {
      const level = error instanceof ProviderNotConfigured ? 'error' : 'warn';
      this.log[level]({ err: error, orderId, attempt: attempt.attempts }, 'payment has no result yet');
      const inDoubt = attempt.wasInDoubt || !(error instanceof ProviderUnreachable);
      return writes.postponePayment(this.db, attempt, inDoubt);
    }
    const settled = await writes.settlePayment(this.db, attempt, result);
    failPoint('payments.after-settling');
    if (settled) await this.notifyOrders(orderId, result.status === 'paid' ? { status: 'paid' } : result);
  }

  /**
   * Asks the provider, outside of any transaction. After an attempt of unknown outcome the provider is asked what it did
   * before it is asked to charge.
   */
  private async ask(attempt: writes.Attempt): Promise<ChargeResult> {
    const { orderId, amountCents, currency, since, payment, wasInDoubt, expired } = attempt;
    if (payment.method === 'credit' || attempt.provider === null) return { status: 'paid', chargeId: null };
    const charge = { orderId, amountCents, currency, token: payment.token, since };
    if (expired && !wasInDoubt) return { status: 'declined', reason: 'provider_unavailable' };
    const provider = await this.providers.of(attempt.provider);
    if (expired) return (await provider.cancel(charge)) ?? { status: 'declined', reason: 'provider_unavailable' };
    const made = wasInDoubt ? await provider.find(charge) : undefined;
    return made ?? provider.charge(charge);
  }

  /** A message that is lost does no harm: the sweep of orders asks for the outcome. */
  private async notifyOrders(orderId: string, outcome: PaymentOutcome): Promise<void> {
    try {
      await this.queues.add(ordersJobs.paymentSettled, { orderId, outcome }, { id: orderId });
      failPoint('payments.after-telling');
    } catch (error) {
      this.log.warn({ err: error, orderId }, 'orders not notified of a payment yet');
    }
  }
}
