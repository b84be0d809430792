import { paymentsRpc } from '@shop/contracts/payments';
import type { InputOf } from '@shop/contracts/rpc';
import { v7 as uuidv7 } from 'uuid';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { card, startPayments, type Payments } from './payments-under-test.js';

let payments: Payments;
beforeAll(async () => {
  payments = await startPayments({ PAYMENT_LEASE_SECONDS: '1' });
});
afterAll(() => payments.stop());

type Refund = InputOf<typeof paymentsRpc.requestRefund>;

async function paidOrder(token = 'tok_ok'): Promise<string> {
  const { orderId } = await payments.charge(card(token));
  expect(await payments.settled(orderId)).toEqual({ status: 'paid' });
  return orderId;
}
const refund = (orderId: string, about: Partial<Refund> = {}) =>
  payments.rpc.call(paymentsRpc.requestRefund, { orderId, idempotencyKey: uuidv7(), reason: 'broken', ...about });
const entriesOfRefunds = (orderId: string) =>
  payments.db.query<{ account: string; cents: number }>(
    `select account, e.amount_cents::float8 as cents from ledger_entries e
     join ledger_transactions t on t.id = e.transaction_id join refunds r on t.reference = 'refund:' || r.id
     where r.order_id = $1 order by t.id, account`,
    [orderId],
  );
const providerRefunds = (orderId: string) =>
  payments.db.query<{ cents: number; calls: number }>(
    'select amount_cents::float8 as cents, calls from fake_refunds where charge_key = $1 order by idempotency_key',
    [orderId],
  );

test('a part is refunded, then the rest, and no more', async () => {
  const orderId = await paidOrder();
  await refund(orderId, { amountCents: 234 });
  await payments.refunded(orderId, 234);
  await expect(refund(orderId, { amountCents: 1001 })).rejects.toMatchObject({ code: 'refund_exceeds_payment' });
  await refund(orderId);
  await payments.refunded(orderId, 1234);
  for (const amountCents of [1, undefined])
    await expect(refund(orderId, { amountCents })).rejects.toMatchObject({ code: 'refund_exceeds_payment' });
  expect(await entriesOfRefunds(orderId)).toEqual([
    { account: 'provider:fake', cents: 234 },
    { account: 'sales', cents: -234 },
    { account: 'provider:fake', cents: 1000 },
    { account: 'sales', cents: -1000 },
  ]);
  expect(await providerRefunds(orderId)).toEqual([
    { cents: 234, calls: 1 },
    { cents: 1000, calls: 1 },
  ]);
});

test('ten concurrent refunds never exceed what was paid', async () => {
  const orderId = await paidOrder();
  const answers = await Promise.allSettled(Array.from({ length: 10 }, () => refund(orderId, { amountCents: 400 })));
  expect(answers.filter(({ status }) => status === 'fulfilled')).toHaveLength(3);
  await payments.refunded(orderId, 1200);
  expect(await providerRefunds(orderId)).toHaveLength(3);
});

test('twenty concurrent requests with one key are one refund, and so is a later one', async () => {
  const orderId = await paidOrder();
  const idempotencyKey = 'once';
  await Promise.all(Array.from({ length: 20 }, () => refund(orderId, { idempotencyKey })));
  await payments.refunded(orderId, 1234);
  await refund(orderId, { idempotencyKey });
  for (const other of [{ amountCents: 1234 }, { reason: 'lost' }])
    await expect(refund(orderId, { idempotencyKey, ...other })).rejects.toMatchObject({
      code: 'idempotency_key_reused',
    });
  expect(await providerRefunds(orderId)).toEqual([{ cents: 1234, calls: 1 }]);
  expect(await entriesOfRefunds(orderId)).toHaveLength(2);
});

test('an order that was not paid cannot be refunded', async () => {
  const { orderId } = await payments.charge(card('tok_declined'));
  await payments.settled(orderId);
  for (const id of [orderId, uuidv7()])
    await expect(refund(id)).rejects.toMatchObject({ code: 'refund_exceeds_payment' });
});

test('a refund whose answer was lost is made and booked once', async () => {
  const orderId = await paidOrder('tok_flaky');
  await refund(orderId);
  await payments.refunded(orderId, 1234);
  expect(await providerRefunds(orderId)).toEqual([{ cents: 1234, calls: 2 }]);
  expect(await entriesOfRefunds(orderId)).toHaveLength(2);
});

test('payments notifies orders of a refund until orders confirms, and makes the refund once', async () => {
  const orderId = await paidOrder();
  payments.refunds.unavailable = true;
  await refund(orderId, { amountCents: 34 });
  await vi.waitFor(async () => expect(await entriesOfRefunds(orderId)).toHaveLength(2), { timeout: 5000 });
  payments.refunds.unavailable = false;
  await payments.refunded(orderId, 34);
  await vi.waitFor(async () =>
    expect(await payments.db.query('select from refunds where next_attempt_at is not null')).toEqual([]),
  );
  expect(await providerRefunds(orderId)).toEqual([{ cents: 34, calls: 1 }]);
});

test('a refund of store credit goes back to the customer’s account, and can be spent again', async () => {
  const customerId = uuidv7();
  await payments.rpc.call(paymentsRpc.giveCredit, { customerId, amountCents: 50_00, reference: 'sorry' });
  const { orderId } = await payments.charge({ method: 'credit' }, { customerId, amountCents: 50_00 });
  expect(await payments.settled(orderId)).toEqual({ status: 'paid' });
  await refund(orderId, { amountCents: 20_00 });
  await payments.refunded(orderId, 20_00);
  expect(await entriesOfRefunds(orderId)).toEqual([
    { account: `credit:${customerId}`, cents: 2000 },
    { account: 'sales', cents: -2000 },
  ]);
  const credit = await payments.rpc.call(paymentsRpc.getCredit, { customerId });
  expect(credit.balanceCents).toBe(20_00);
  const again = await payments.charge({ method: 'credit' }, { customerId, amountCents: 20_00 });
  expect(await payments.settled(again.orderId)).toEqual({ status: 'paid' });
});

test.each([
  ['tok_refund_fails', [{ status: 'failed', failure: 'expired_or_canceled_card' }]],
  ['tok_refund_fails_later', [{ status: 'failed', failure: 'expired_or_canceled_card' }]],
  ['tok_refund_pending', [{ status: 'refunded' }]],
])('a refund to card %s of the fake provider ends as %j', async (token, end) => {
  const orderId = await paidOrder(token);
  await refund(orderId, { amountCents: 200 });
  if (token !== 'tok_refund_fails') await payments.refunded(orderId, token === 'tok_refund_pending' ? 200 : 0, 20_000);
  const list = () => payments.rpc.call(paymentsRpc.listRefunds, { orderId });
  await vi.waitFor(async () => expect((await list()).items).toMatchObject(end), { timeout: 10_000, interval: 50 });
});

test('an order without refunds and an unknown order have an empty list', async () => {
  for (const orderId of [await paidOrder(), uuidv7()])
    expect(await payments.rpc.call(paymentsRpc.listRefunds, { orderId })).toEqual({ items: [] });
});
