import { paymentsRpc } from '@shop/contracts/payments';
import { v7 as uuidv7 } from 'uuid';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startPayments, type Payments } from './payments-under-test.js';

let payments: Payments;
beforeAll(async () => {
  payments = await startPayments();
});
afterAll(() => payments.stop());

const give = (customerId: string, amountCents: number, reference: string) =>
  payments.rpc.call(paymentsRpc.giveCredit, { customerId, amountCents, reference });
const creditOf = (customerId: string) => payments.rpc.call(paymentsRpc.getCredit, { customerId });

test('a customer without gifts has no credit', async () => {
  expect(await creditOf(uuidv7())).toEqual({ balanceCents: 0, entries: [] });
});

test('credit lists what was given and spent, newest first', async () => {
  const customerId = uuidv7();
  const gift = await give(customerId, 10_00, 'late parcel: 7');
  expect(gift).toMatchObject({ amountCents: 10_00, reference: 'late parcel: 7' });
  const { orderId } = await payments.charge({ method: 'credit' }, { customerId, amountCents: 4_00 });
  await payments.settled(orderId);
  const { balanceCents, entries } = await creditOf(customerId);
  expect(balanceCents).toBe(6_00);
  expect(entries).toMatchObject([{ amountCents: -4_00, reference: `payment:${orderId}` }, gift]);
});

test('twenty concurrent gifts under one reference are given once, to each customer', async () => {
  const [one, other] = [uuidv7(), uuidv7()];
  const gifts = await Promise.all(Array.from({ length: 20 }, () => give(one, 5_00, 'sorry')));
  expect(new Set(gifts.map(({ id }) => id)).size).toBe(1);
  await give(other, 5_00, 'sorry');
  expect((await creditOf(one)).balanceCents).toBe(5_00);
  expect((await creditOf(other)).balanceCents).toBe(5_00);
});

test('a second gift under a reference with another amount is refused', async () => {
  const customerId = uuidv7();
  await give(customerId, 5_00, 'sorry');
  await expect(give(customerId, 6_00, 'sorry')).rejects.toMatchObject({ code: 'idempotency_key_reused' });
  expect((await creditOf(customerId)).balanceCents).toBe(5_00);
});
