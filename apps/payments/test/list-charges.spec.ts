import { paymentsRpc } from '@shop/contracts/payments';
import { v7 as uuidv7 } from 'uuid';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { ProviderCharge } from '../src/providers/provider.js';
import { Providers } from '../src/providers/providers.js';
import { byOrder, card, chargesListedBy, startPayments, type Payments } from './payments-under-test.js';

let payments: Payments;
beforeAll(async () => {
  payments = await startPayments();
});
afterAll(() => payments.stop());

test('the fake provider lists its charges and how much of each was refunded', async () => {
  const provider = await payments.running.app.get(Providers, { strict: false }).of('fake');
  const orders = await Promise.all(
    ['tok_ok', 'tok_flaky', 'tok_declined'].map((token) => payments.charge(card(token))),
  );
  for (const { orderId } of orders) await payments.settled(orderId);
  const [plain, flaky] = orders.map(({ orderId }) => ({ orderId, chargeId: `fake_${orderId}`, amountCents: 1234 }));
  for (const [amountCents, sum] of [
    [200, 200],
    [34, 234],
  ] as const) {
    const refund = { orderId: plain!.orderId, idempotencyKey: uuidv7(), reason: 'broken', amountCents };
    await payments.rpc.call(paymentsRpc.requestRefund, refund);
    await payments.refunded(plain!.orderId, sum);
  }
  const charges = [
    { ...plain, refundedCents: 234 },
    { ...flaky, refundedCents: 0 },
  ] as ProviderCharge[];
  expect(await chargesListedBy(provider)).toEqual(charges.sort(byOrder));
  expect(await chargesListedBy(provider, new Date(Date.now() + 60_000))).toEqual([]);
});
