// Payments on a database of its own, with a fake of orders.
import { Controller, Module } from '@nestjs/common';
import type { PayloadOf } from '@shop/contracts/jobs';
import { ordersJobs, ordersRpc, type PaymentMethod } from '@shop/contracts/orders';
import { paymentsJobs, paymentsRpc, type ChargePayment, type PaymentState } from '@shop/contracts/payments';
import type { InputOf } from '@shop/contracts/rpc';
import { HandlesJob } from '@shop/kit/handles-job';
import { Queues } from '@shop/kit/queue';
import { defineService } from '@shop/kit/service';
import { startForTest } from '@shop/kit/testing/services';
import { createTestDatabase, testRedisUrl, type TestDatabase } from '@shop/kit/testing/stores';
import { AppError } from '@shop/rpc/errors';
import { Handles } from '@shop/rpc/handles';
import { Rpc } from '@shop/rpc/rpc';
import { v7 as uuidv7 } from 'uuid';
import { vi } from 'vitest';
import { payments } from '../src/payments.module.js';
import type { PaymentProvider, ProviderCharge } from '../src/providers/provider.js';

type Settled = PayloadOf<typeof ordersJobs.paymentSettled>;
type RefundSettled = InputOf<typeof ordersRpc.refundSettled>;

/** `on` is the database of an earlier start; it is kept. */
export async function startPayments(env: Record<string, string> = {}, on?: TestDatabase) {
  const received: Settled[] = [];
  /** `old` is a version of orders that knows no revisions. */
  const refunds = { received: [] as RefundSettled[], unavailable: false, old: false };

  @Controller()
  class FakeOrders {
    @HandlesJob(ordersJobs.paymentSettled)
    async paymentSettled(settled: Settled): Promise<void> {
      received.push(settled);
    }
    @Handles(ordersRpc.refundSettled)
    async refundSettled(settled: RefundSettled): Promise<{ done: true; revision?: number }> {
      if (refunds.unavailable) throw new AppError('unavailable');
      refunds.received.push(settled);
      return { done: true, ...(!refunds.old && { revision: settled.revision }) };
    }
  }
  @Module({ controllers: [FakeOrders] })
  class OrdersModule {}
  const { refundSettled } = ordersRpc;
  const orders = defineService({ name: 'orders', module: OrdersModule, rpc: { refundSettled }, jobs: ordersJobs });

  const db = on ?? (await createTestDatabase('payments'));
  const running = await startForTest([payments, orders], {
    PAYMENTS_DATABASE_URL: db.url,
    REDIS_STATE_URL: testRedisUrl(7),
    PAYMENTS_SWEEP_SECONDS: '0.1',
    PAYMENT_LEASE_SECONDS: '3',
    QUEUE_LOCK_MS: '5000',
    ...env,
  });
  const queues = running.app.get(Queues, { strict: false });
  const rpc = running.app.get(Rpc, { strict: false });

  const charge = async (payment: PaymentMethod, about: Partial<ChargePayment> = {}): Promise<ChargePayment> => {
    const request: ChargePayment = {
      orderId: uuidv7(),
      customerId: uuidv7(),
      amountCents: 12_34,
      currency: 'EUR',
      payment,
      ...about,
    };
    await queues.add(paymentsJobs.chargePayment, request);
    return request;
  };
  const stateOf = (orderId: string): Promise<PaymentState> => rpc.call(paymentsRpc.getPayment, { orderId });
  return {
    db,
    running,
    rpc,
    received,
    refunds,
    charge,
    stateOf,
    /** The outcome of the payment, once orders has received it. */
    settled: (orderId: string, timeout = 10_000) =>
      vi.waitFor(
        () => {
          const found = received.find((settled) => settled.orderId === orderId);
          if (!found) throw new Error(`orders was not notified of ${orderId}`);
          return found.outcome;
        },
        { timeout, interval: 20 },
      ),
    /** The charges in the fake provider's own books. */
    async providerCharges(orderId: string) {
      return db.query<{ status: string; calls: number }>(
        'select status, calls from fake_charges where idempotency_key = $1',
        [orderId],
      );
    },
    /** Resolves when the last sum of refunds that orders received is `cents`. */
    refunded: (orderId: string, cents: number, timeout = 10_000) =>
      vi.waitFor(
        () => {
          const last = refunds.received.findLast((settled) => settled.orderId === orderId);
          if (last?.refundedCents !== cents) throw new Error(`orders was notified of ${last?.refundedCents} cents`);
        },
        { timeout, interval: 20 },
      ),
    async entries(orderId: string) {
      return db.query<{ account: string; cents: number }>(
        `select account, amount_cents::float8 as cents from ledger_entries
         join ledger_transactions on id = transaction_id where reference = $1 order by account`,
        [`payment:${orderId}`],
      );
    },
    async stop() {
      await running.stop();
      if (!on) await db.drop();
    },
  };
}
export type Payments = Awaited<ReturnType<typeof startPayments>>;

export const card = (token: string): PaymentMethod => ({ method: 'card', token });

export const byOrder = (a: ProviderCharge, b: ProviderCharge) => a.orderId.localeCompare(b.orderId);

/** By default the charges of the last minute. */
export async function chargesListedBy(
  provider: PaymentProvider,
  since = new Date(Date.now() - 60_000),
): Promise<ProviderCharge[]> {
  const charges: ProviderCharge[] = [];
  for await (const charge of provider.list(since)) charges.push(charge);
  return charges.sort(byOrder);
}
