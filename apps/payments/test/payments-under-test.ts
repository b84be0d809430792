// Payments on a database of its own, with an ear where orders would be.
import { Controller, Module } from '@nestjs/common';
import type { PayloadOf } from '@shop/contracts/jobs';
import { ordersJobs, type PaymentMethod } from '@shop/contracts/orders';
import { paymentsJobs, paymentsRpc, type ChargePayment, type PaymentState } from '@shop/contracts/payments';
import { HandlesJob } from '@shop/kit/handles-job';
import { Queues } from '@shop/kit/queue';
import { Rpc } from '@shop/kit/rpc/rpc';
import { defineService } from '@shop/kit/service';
import { startForTest } from '@shop/kit/testing/services';
import { createTestDatabase, testRedisUrl } from '@shop/kit/testing/stores';
import { v7 as uuidv7 } from 'uuid';
import { vi } from 'vitest';
import { payments } from '../src/payments.module.js';

type Settled = PayloadOf<typeof ordersJobs.paymentSettled>;

export async function startPayments(env: Record<string, string> = {}) {
  const told: Settled[] = [];

  @Controller()
  class Ear {
    @HandlesJob(ordersJobs.paymentSettled)
    async hear(settled: Settled): Promise<void> {
      told.push(settled);
    }
  }
  @Module({ controllers: [Ear] })
  class OrdersModule {}
  const orders = defineService({ name: 'orders', module: OrdersModule, jobs: ordersJobs });

  const db = await createTestDatabase('payments');
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
      ...{ orderId: uuidv7(), customerId: uuidv7(), amountCents: 12_34, currency: 'EUR', payment },
      ...about,
    };
    await queues.add(paymentsJobs.chargePayment, request);
    return request;
  };
  const stateOf = (orderId: string): Promise<PaymentState> => rpc.call(paymentsRpc.getPayment, { orderId });
  return {
    ...{ db, running, told, charge, stateOf },
    /** What became of the payment, once orders was told. */
    settled: (orderId: string, timeout = 10_000) =>
      vi.waitFor(
        () => {
          const found = told.find((settled) => settled.orderId === orderId);
          if (!found) throw new Error(`orders was not told of ${orderId}`);
          return found.outcome;
        },
        { timeout, interval: 20 },
      ),
    /** What the fake provider has in its own books. */
    async providerCharges(orderId: string) {
      return db.query<{ status: string; calls: number }>(
        'select status, calls from fake_charges where idempotency_key = $1',
        [orderId],
      );
    },
    async entries(orderId: string) {
      return db.query<{ account: string; cents: number }>(
        `select account, amount_cents::float8 as cents from ledger_entries
         join ledger_transactions on id = transaction_id where reference = $1 order by account`,
        [`payment:${orderId}`],
      );
    },
    async stop() {
      await running.stop();
      await db.drop();
    },
  };
}
export type Payments = Awaited<ReturnType<typeof startPayments>>;

export const card = (token: string): PaymentMethod => ({ method: 'card', token });
