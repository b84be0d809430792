// Acts as a payment provider, for development and tests. Its tables stand for the books of an outside company, so payments
// itself never reads them.
import { setTimeout } from 'node:timers/promises';
import { sql } from '@shop/kit/database';
import type { DataSource } from 'typeorm';
import { ProviderUnreachable, type CardCharge, type CardRefund, type ChargeResult } from '../provider.js';
import type { PaymentProvider, ProviderCharge, RefundResult } from '../provider.js';

interface FakeCharge {
  calls: number;
  /** open: received, nothing charged. */
  status: 'open' | 'paid' | 'declined' | 'cancelled';
}

/** What the nth call for a card does; calls count from 1. Any other token is declined. */
const cards: Record<string, (call: number) => FakeCharge['status']> = {
  tok_ok: () => 'paid',
  tok_slow: () => 'paid',
  tok_refund_fails: () => 'paid',
  tok_refund_fails_later: () => 'paid',
  tok_refund_pending: () => 'paid',
  // The first call is lost, and the answer to the second.
  tok_flaky: (call) => (call < 2 ? 'open' : 'paid'),
};

const SLOW_MS = 2000;

/** The state of a refund by its card. Some change after 3 s. */
const refundStatus = `case
  when token = 'tok_refund_fails' then 'failed'
  when token = 'tok_refund_fails_later' and fake_refunds.created_at < now() - interval '3 seconds' then 'failed'
  when token = 'tok_refund_pending' and fake_refunds.created_at >= now() - interval '3 seconds' then 'waiting'
  else 'refunded' end`;

export class FakeProvider implements PaymentProvider {
  readonly name = 'fake';

  constructor(private readonly db: DataSource) {}

  async charge(charge: CardCharge): Promise<ChargeResult> {
    const { token } = charge;
    if (token === 'tok_down') throw new ProviderUnreachable('connect ECONNREFUSED');
    if (token === 'tok_slow') await setTimeout(SLOW_MS);
    const { calls, status } = await this.record(charge);
    if (token === 'tok_flaky' && calls <= 2) throw new Error('no answer in time');
    return resultOf(charge, status) ?? { status: 'declined', reason: 'provider_unavailable' };
  }

  async find(charge: CardCharge): Promise<ChargeResult | undefined> {
    const [found] = await sql<FakeCharge>(this.db, 'select status from fake_charges where idempotency_key = $1', [
      charge.orderId,
    ]);
    return found && resultOf(charge, found.status);
  }

  async cancel(charge: CardCharge): Promise<ChargeResult | undefined> {
    const [cancelled] = await sql<FakeCharge>(
      this.db,
      `insert into fake_charges as known (idempotency_key, amount_cents, token, calls, status)
       values ($1, $2, $3, 0, 'cancelled')
       on conflict (idempotency_key) do update
       set status = case known.status when 'open' then 'cancelled' else known.status end
       returning status`,
      [charge.orderId, charge.amountCents, charge.token],
    );
    return cancelled && resultOf(charge, cancelled.status);
  }

  /** The first answer about a refund to tok_flaky is lost. */
  async refund(refund: CardRefund): Promise<RefundResult> {
    const { refundId, orderId, amountCents } = refund;
    const [made] = await sql<{ calls: number; token: string }>(
      this.db,
      `insert into fake_refunds as known (idempotency_key, charge_key, amount_cents, calls) values ($1, $2, $3, 1)
       on conflict (idempotency_key) do update set calls = known.calls + 1
       returning calls, (select token from fake_charges where idempotency_key = charge_key) as token`,
      [refundId, orderId, amountCents],
    );
    if (made!.token === 'tok_flaky' && made!.calls < 2) throw new Error('no answer in time');
    return (await this.findRefund(refund)) ?? { status: 'refunded' };
  }

  async findRefund({ refundId }: CardRefund): Promise<RefundResult | undefined> {
    const [found] = await sql<{ status: RefundResult['status'] }>(
      this.db,
      `select ${refundStatus} as status from fake_refunds left join fake_charges on fake_charges.idempotency_key = charge_key
       where fake_refunds.idempotency_key = $1`,
      [refundId],
    );
    if (found?.status === 'failed') return { status: 'failed', failure: 'expired_or_canceled_card' };
    return found && { status: found.status };
  }

  async *list(since: Date): AsyncGenerator<ProviderCharge> {
    yield* await sql<ProviderCharge>(
      this.db,
      `select idempotency_key as "orderId", 'fake_' || idempotency_key as "chargeId", amount_cents::float8 as "amountCents", (
         select coalesce(sum(fake_refunds.amount_cents), 0)::float8 from fake_refunds
         where charge_key = fake_charges.idempotency_key and ${refundStatus} <> 'failed'
       ) as "refundedCents"
       from fake_charges where status = 'paid' and created_at >= $1`,
      [since],
    );
  }

  /** Counts the call and charges the card in one statement, so a charge is made once or not at all. */
  private async record({ orderId, amountCents, token }: CardCharge): Promise<FakeCharge> {
    const [first, later] = [1, 2].map((call) => cards[token]?.(call) ?? 'declined');
    const [charge] = await sql<FakeCharge>(
      this.db,
      `insert into fake_charges as known (idempotency_key, amount_cents, token, calls, status)
       values ($1, $2, $3, 1, $4)
       on conflict (idempotency_key) do update
       set calls = known.calls + 1, status = case known.status when 'open' then $5 else known.status end
       returning calls, status`,
      [orderId, amountCents, token, first, later],
    );
    return charge!;
  }
}

function resultOf({ orderId }: CardCharge, status: FakeCharge['status']): ChargeResult | undefined {
  if (status === 'paid') return { status, chargeId: `fake_${orderId}` };
  if (status === 'declined') return { status, reason: 'card_declined' };
  return undefined;
}
