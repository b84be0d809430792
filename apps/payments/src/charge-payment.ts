// Charges an order exactly once, however often it is asked and wherever it is interrupted.
import { Inject, Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { ordersJobs, type PaymentOutcome } from '@shop/contracts/orders';
import { paymentsJobs, type ChargePayment as ChargeRequest, type PaymentState } from '@shop/contracts/payments';
import { crashPoint } from '@shop/kit/crash-point';
import { Log } from '@shop/kit/log';
import { HandlesJob } from '@shop/kit/handles-job';
import { InFlight } from '@shop/kit/in-flight';
import { Queues } from '@shop/kit/queue';
import { DataSource } from 'typeorm';
import { PaymentEntity } from './payment.entity.js';
import { claimDuePayments, insertPayment, postponePayment, settleByCredit, settlePayment } from './payment-writes.js';
import { shareOf, sharesOf, type Attempt } from './payment-writes.js';
import { paymentsConfig, type PaymentsConfig } from './payments.config.js';
import { ProviderUnreachable, type ChargeResult } from './providers/provider.js';
import { ProviderNotConfigured, providerNames, Providers } from './providers/providers.js';

/** The part of each share that new payments leave to those that are due, which would starve otherwise. */
const KEPT_FOR_SWEEP = 0.2;

@Injectable()
export class ChargePayment {
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

  /**
   * The job writes the payment down and begins its first attempt, without waiting for the provider: from then on the row
   * knows when to try again, and the sweep does. Without room it leaves the first attempt to the sweep as well.
   */
  @HandlesJob(paymentsJobs.chargePayment)
  async charge(request: ChargeRequest): Promise<void> {
    const { orderId, payment, amountCents } = request;
    const provider = payment.method === 'card' && amountCents > 0 ? this.providers.current : null;
    const begun = this.inFlight.room(shareOf(provider)) > this.config.PAYMENTS_IN_FLIGHT * KEPT_FOR_SWEEP;
    const attempt = await insertPayment(this.db, {
      ...{ ...request, provider, begun },
      leaseSeconds: this.config.PAYMENT_LEASE_SECONDS,
      giveUpSeconds: this.config.PAYMENT_GIVE_UP_SECONDS,
    });
    crashPoint('payments.after-insert');
    if (attempt && begun) this.inFlight.start(attempt.share, () => this.attempt(attempt));
    if (attempt) return;
    const state = await this.stateOf(orderId);
    if (state.status === 'paid' || state.status === 'declined') await this.tell(orderId, state);
  }

  /** Begins attempts at what is due; answers whether there may be more, and room for it. */
  sweep(): Promise<boolean> {
    const { PAYMENT_LEASE_SECONDS } = this.config;
    return this.inFlight.startDue(
      sharesOf(providerNames),
      async (room) => {
        const due = await claimDuePayments(this.db, room, PAYMENT_LEASE_SECONDS, this.providers.current);
        if (due.length > 0) crashPoint('payments.after-claiming');
        return due;
      },
      (attempt) => this.attempt(attempt),
    );
  }

  /** Resolves when no attempt is under way. */
  idle(): Promise<void> {
    return this.inFlight.idle();
  }

  private async attempt(attempt: Attempt): Promise<void> {
    const { orderId } = attempt;
    let result: ChargeResult;
    try {
      if (attempt.payment.method === 'credit' && attempt.amountCents > 0) {
        const outcome = await settleByCredit(this.db, attempt);
        crashPoint('payments.after-credit');
        if (outcome) await this.tell(orderId, outcome);
        return;
      }
      result = await this.ask(attempt);
      crashPoint('payments.after-charging');
    } catch (error) {
      const level = error instanceof ProviderNotConfigured ? 'error' : 'warn';
      this.log[level]({ err: error, orderId, attempt: attempt.attempts }, 'payment has no result yet');
      const inDoubt = attempt.wasInDoubt || !(error instanceof ProviderUnreachable);
      return postponePayment(this.db, attempt, inDoubt);
    }
    await this.settle(attempt, result);
  }

  async stateOf(orderId: string): Promise<PaymentState> {
    const payment = await this.db.getRepository(PaymentEntity).findOneBy({ orderId });
    if (!payment) return { status: 'unknown' };
    return payment.status === 'declined' ? { status: 'declined', reason: payment.reason! } : { status: payment.status };
  }

  private async settle(attempt: Attempt, result: ChargeResult): Promise<void> {
    const settled = await settlePayment(this.db, attempt, result);
    crashPoint('payments.after-settling');
    if (settled) await this.tell(attempt.orderId, result.status === 'paid' ? { status: 'paid' } : result);
  }

  /** Asks the provider, outside of any transaction. After an attempt of unknown outcome it is asked what it did before it is asked to charge. */
  private async ask({ amountCents, payment, provider: name, wasInDoubt, expired, ...attempt }: Attempt) {
    const { orderId, currency, since } = attempt;
    const nothing: ChargeResult = { status: 'paid', chargeId: null };
    if (payment.method === 'credit' || name === null) return nothing;
    const charge = { orderId, amountCents, currency, token: payment.token, since };
    if (expired) {
      const made = wasInDoubt ? await (await this.providers.of(name)).cancel(charge) : undefined;
      return made ?? ({ status: 'declined', reason: 'provider_unavailable' } as const);
    }
    const provider = await this.providers.of(name);
    const made = wasInDoubt ? await provider.find(charge) : undefined;
    return made ?? provider.charge(charge);
  }

  /** Orders asks by itself what it was not told. */
  private async tell(orderId: string, outcome: PaymentOutcome): Promise<void> {
    try {
      await this.queues.add(ordersJobs.paymentSettled, { orderId, outcome }, { id: orderId });
      crashPoint('payments.after-telling');
    } catch (error) {
      this.log.warn({ err: error, orderId }, 'orders not told of a payment yet');
    }
  }
}
