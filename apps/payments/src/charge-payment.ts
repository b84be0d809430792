// Charges an order exactly once, however often it is asked and wherever it is interrupted.
import { Inject, Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { ordersJobs, type PaymentOutcome } from '@shop/contracts/orders';
import { paymentsJobs, type ChargePayment as ChargeRequest, type PaymentState } from '@shop/contracts/payments';
import { crashPoint } from '@shop/kit/crash-point';
import { Log } from '@shop/kit/log';
import { HandlesJob } from '@shop/kit/handles-job';
import { Queues } from '@shop/kit/queue';
import { DataSource } from 'typeorm';
import { providerAccount } from './ledger.js';
import { PaymentEntity } from './payment.entity.js';
import { insertPayment, postponePayment, settleByCredit, settlePayment, type Attempt } from './payment-writes.js';
import { paymentsConfig, type PaymentsConfig } from './payments.config.js';
import { PAYMENT_PROVIDER, ProviderUnreachable, type ChargeResult, type PaymentProvider } from './provider.js';

@Injectable()
export class ChargePayment {
  constructor(
    @InjectDataSource('payments') private readonly db: DataSource,
    @Inject(paymentsConfig.token) private readonly config: PaymentsConfig,
    @Inject(PAYMENT_PROVIDER) private readonly provider: PaymentProvider,
    private readonly queues: Queues,
    private readonly log: Log,
  ) {}

  /** The job makes the first attempt only; from then on the row knows when to try again, and the sweep does. */
  @HandlesJob(paymentsJobs.chargePayment)
  async charge(request: ChargeRequest): Promise<void> {
    const { PAYMENT_LEASE_SECONDS, PAYMENT_GIVE_UP_SECONDS } = this.config;
    const attempt = await insertPayment(this.db, request, PAYMENT_LEASE_SECONDS, PAYMENT_GIVE_UP_SECONDS);
    crashPoint('payments.after-insert');
    if (attempt) return this.attempt(attempt);
    const { orderId } = request;
    const state = await this.stateOf(orderId);
    if (state.status === 'paid' || state.status === 'declined') await this.tell(orderId, state);
  }

  async attempt(attempt: Attempt): Promise<void> {
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
      this.log.warn({ err: error, orderId, attempt: attempt.attempts }, 'payment has no result yet');
      const inDoubt = attempt.wasInDoubt || !(error instanceof ProviderUnreachable);
      return postponePayment(this.db, attempt, inDoubt);
    }
    await this.settle(orderId, result);
  }

  /** Also for a provider that tells its results by itself. */
  async settle(orderId: string, result: ChargeResult): Promise<void> {
    const settled = await settlePayment(this.db, orderId, result, providerAccount(this.provider.name));
    crashPoint('payments.after-settling');
    if (settled) await this.tell(orderId, result.status === 'paid' ? { status: 'paid' } : result);
  }

  async stateOf(orderId: string): Promise<PaymentState> {
    const payment = await this.db.getRepository(PaymentEntity).findOneBy({ orderId });
    if (!payment) return { status: 'unknown' };
    return payment.status === 'declined' ? { status: 'declined', reason: payment.reason! } : { status: payment.status };
  }

  /** Asks the provider, outside of any transaction. After an attempt of unknown outcome it is asked what it did before it is asked to charge. */
  private async ask({ amountCents, payment, wasInDoubt, expired, ...attempt }: Attempt): Promise<ChargeResult> {
    const { orderId, currency, since } = attempt;
    if (payment.method === 'credit' || amountCents === 0) return { status: 'paid', chargeId: null };
    const charge = { orderId, amountCents, currency, token: payment.token, since };
    if (expired) {
      const made = wasInDoubt ? await this.provider.cancel(charge) : undefined;
      return made ?? { status: 'declined', reason: 'provider_unavailable' };
    }
    const made = wasInDoubt ? await this.provider.find(charge) : undefined;
    return made ?? this.provider.charge(charge);
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
