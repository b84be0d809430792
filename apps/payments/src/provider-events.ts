// Takes messages by which a provider tells of a charge or a refund. They prove nothing: they only make payments ask.
import { Inject, Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { sql } from '@shop/kit/database';
import { AppError } from '@shop/kit/errors';
import { Log } from '@shop/kit/log';
import { DataSource } from 'typeorm';
import type { PaymentStatus } from './payment.entity.js';
import { paymentsConfig, type PaymentsConfig, type ProviderName } from './payments.config.js';
import { ProviderNotConfigured, Providers } from './providers/providers.js';
import { GIVEN_UP } from './refund-writes.js';

/** For whoever is charging right now to write the result down. */
const PATIENCE_SECONDS = 2;

@Injectable()
export class ProviderEvents {
  constructor(
    @InjectDataSource('payments') private readonly db: DataSource,
    @Inject(paymentsConfig.token) private readonly config: PaymentsConfig,
    private readonly providers: Providers,
    private readonly log: Log,
  ) {}

  /** Answers in the same way whatever is known of the order: the provider would send again what is refused. */
  async receive(from: ProviderName, body: string, signature: string): Promise<void> {
    const provider = await this.providers.of(from).catch((error: unknown) => {
      if (!(error instanceof ProviderNotConfigured)) throw error;
    });
    if (!provider?.readEvent) throw new AppError('not_found', 'This payment provider is not in use here.');
    const { id, type, about, orderId = null, charged } = provider.readEvent(body, signature);
    const [event] = await sql<{ status: PaymentStatus | null; givenUp: boolean }>(
      this.db,
      `with heard as (
         insert into provider_events (id, type, order_id, payment_status)
         values ($1, $2, $3, (select status from payments where order_id = $3))
         on conflict (id) do nothing
         returning order_id, payment_status
       ), asked as (
         update payments set next_attempt_at = least(next_attempt_at, now() + make_interval(secs => $4))
         from heard where payments.order_id = heard.order_id and payments.status = 'waiting'
       ), refunds_asked as (
         update refunds
         set next_attempt_at = case status when 'waiting' then least(next_attempt_at, now() + make_interval(secs => $6))
               else next_attempt_at end,
             next_check_at = case status when 'refunded' then least(next_check_at, now() + make_interval(secs => $4)) end
         from heard where $5 and refunds.order_id = heard.order_id and refunds.status <> 'failed'
       )
       select payment_status as status, $5 and exists (
         select from refunds where refunds.order_id = heard.order_id and failure = '${GIVEN_UP}'
       ) as "givenUp"
       from heard`,
      // An attempt that is under way ends within its lease: what it asked for may not be there before.
      [id, type, orderId, PATIENCE_SECONDS, about === 'refund', this.config.PAYMENT_LEASE_SECONDS],
    );
    if (!event) return; // Heard before.
    if (event.status === null) this.log.warn({ event: id, type, orderId }, 'event of a payment nobody knows');
    if (event.status === 'declined' && charged)
      this.log.error({ event: id, type, orderId }, 'charged, though the order was rejected');
    if (event.givenUp) this.log.error({ event: id, type, orderId }, 'a refund that was given up may have been made');
  }
}

/** A provider repeats an event for days at most (Stripe: three), so one as old as this never comes again. */
const KEPT_DAYS = 30;
const PRUNED_AT_ONCE = 1000;

/** Forgets old events; answers whether there may be more of them. */
export async function pruneEvents(db: DataSource): Promise<boolean> {
  const pruned = await sql(
    db,
    `delete from provider_events where id in (
       select id from provider_events where received_at < now() - make_interval(days => $1)
       order by received_at limit $2 for update skip locked
     ) returning id`,
    [KEPT_DAYS, PRUNED_AT_ONCE],
  );
  return pruned.length === PRUNED_AT_ONCE;
}
