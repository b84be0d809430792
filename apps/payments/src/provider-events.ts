// Takes a provider's messages about charges and refunds. They prove nothing: they only make payments ask the provider.
import { Inject, Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import type { PaymentProviderName, PaymentState } from '@shop/contracts/payments';
import { sql } from '@shop/kit/database';
import { Log } from '@shop/kit/log';
import { Repeats } from '@shop/kit/repeat';
import { AppError } from '@shop/rpc/errors';
import { DataSource } from 'typeorm';
import { paymentsConfig, type PaymentsConfig } from './payments.config.js';
import { ProviderNotConfigured, Providers } from './providers/providers.js';
import { GIVEN_UP } from './refund-writes.js';

/** Gives an attempt that is under way time to write its result down. */
const PATIENCE_SECONDS = 2;

/** Providers repeat an event for some days at most, so a duplicate never comes after this time. */
const KEPT_DAYS = 30;
const PRUNE_BATCH = 1000;
/** Old events are deleted once in this many sweeps. */
const PRUNE_ROUNDS = 60;

@Injectable()
export class ProviderEvents {
  constructor(
    @InjectDataSource('payments') private readonly db: DataSource,
    @Inject(paymentsConfig.token) private readonly config: PaymentsConfig,
    private readonly providers: Providers,
    private readonly log: Log,
  ) {}

  /** Accepts events of unknown orders too, because a provider sends an event again that is refused. */
  async receive(from: PaymentProviderName, body: string, signature: string): Promise<void> {
    const provider = await this.providers.of(from).catch((error: unknown) => {
      if (!(error instanceof ProviderNotConfigured)) throw error;
    });
    if (!provider?.readEvent) throw new AppError('not_found', 'This payment provider is not in use here.');
    const { id, type, about, orderId = null, charged } = provider.readEvent(body, signature);
    const [event] = await sql<{ status: PaymentState['status'] | null; givenUp: boolean }>(
      this.db,
      `with added as (
         insert into provider_events (id, type, order_id, payment_status)
         values ($1, $2, $3, (select status from payments where order_id = $3))
         on conflict (id) do nothing
         returning order_id, payment_status
       ), payments_due as (
         update payments set next_attempt_at = least(next_attempt_at, now() + make_interval(secs => $4))
         from added where payments.order_id = added.order_id and payments.status = 'waiting'
       ), refunds_due as (
         update refunds
         set next_attempt_at = case status when 'waiting' then least(next_attempt_at, now() + make_interval(secs => $6))
               else next_attempt_at end,
             next_check_at = case status when 'refunded' then least(next_check_at, now() + make_interval(secs => $4)) end
         from added where $5 and refunds.order_id = added.order_id and refunds.status <> 'failed'
       )
       select payment_status as status, $5 and exists (
         select from refunds where refunds.order_id = added.order_id and failure = '${GIVEN_UP}'
       ) as "givenUp"
       from added`,
      // A refund whose attempt is under way may not exist at the provider before the attempt's lease ends.
      [id, type, orderId, PATIENCE_SECONDS, about === 'refund', this.config.PAYMENT_LEASE_SECONDS],
    );
    if (!event) return; // A duplicate.
    if (event.status === null) this.log.warn({ event: id, type, orderId }, 'event of an unknown payment');
    if (event.status === 'declined' && charged)
      this.log.error({ event: id, type, orderId }, 'charged, though the order was rejected');
    if (event.givenUp) this.log.error({ event: id, type, orderId }, 'a refund that was given up may have been made');
  }

  /** Deletes old events; returns whether there may be more of them. */
  @Repeats(paymentsConfig, { name: 'event pruning', seconds: (config) => config.PAYMENTS_SWEEP_SECONDS * PRUNE_ROUNDS })
  async prune(): Promise<boolean> {
    const pruned = await sql(
      this.db,
      `delete from provider_events where id in (
         select id from provider_events where received_at < now() - make_interval(days => $1)
         order by received_at limit $2 for update skip locked
       ) returning id`,
      [KEPT_DAYS, PRUNE_BATCH],
    );
    return pruned.length === PRUNE_BATCH;
  }
}
