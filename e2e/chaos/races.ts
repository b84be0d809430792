// Simultaneous requests for the same thing, through the public HTTP API.
import { randomUUID } from 'node:crypto';
import { expect } from 'vitest';
import { patientlySettled } from '../patience.js';
import type { Shopper } from '../shopper.js';
import { giveCredit, stockOf } from './books.js';
import type { Shop } from '../shop.js';

const card = { method: 'card', token: 'tok_ok' };
const one = (productId: string) => [{ productId, quantity: 1 }];

export async function registered(shop: Shop, count: number): Promise<Shopper[]> {
  const shoppers = Array.from({ length: count }, () => shop.shopper());
  // A few at a time: password hashing is slow on purpose.
  for (let i = 0; i < count; i += 4) await Promise.all(shoppers.slice(i, i + 4).map((shopper) => shopper.register()));
  return shoppers;
}

/** Identical requests make one order and one charge, and all get that order. */
export async function identicalPosts(shop: Shop, count: number): Promise<void> {
  const productId = await shop.newProduct(count);
  const [sam] = await registered(shop, 1);
  const key = randomUUID();
  const body = { lines: one(productId), payment: card };
  const answers = await Promise.all(Array.from({ length: count }, () => sam!.at(shop.door()).order(body, key)));
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([202]));
  const told = answers.map(({ body: { status: _, ...order } }) => JSON.stringify(order));
  expect(new Set(told).size).toBe(1);
  const { id } = answers[0]!.body;
  expect(await patientlySettled(sam!, id)).toMatchObject({ status: 'paid' });
  expect(await shop.databases.orders.query('select id from orders where idempotency_key = $1', [key])).toEqual([
    { id },
  ]);
  const charges = await shop.databases.payments.query('select calls from fake_charges where idempotency_key = $1', [
    id,
  ]);
  expect(charges).toEqual([{ calls: 1 }]);
  expect(await stockOf(shop, productId)).toBe(count - 1);
}

/** As many orders are paid as there are pieces; all others are refused as out of stock. */
export async function rush(shop: Shop, buyers: Shopper[], pieces: number): Promise<void> {
  const productId = await shop.newProduct(pieces);
  const startedAt = performance.now();
  const results = await Promise.all(
    buyers.map(async (buyer) => {
      const { status, body } = await buyer.at(shop.door()).order({ lines: one(productId), payment: card });
      return status === 202 ? (await patientlySettled(buyer, body.id)).status : body.code;
    }),
  );
  const seconds = (performance.now() - startedAt) / 1000;
  expect(results.filter((result) => result === 'paid')).toHaveLength(pieces);
  expect(results.filter((result) => result === 'out_of_stock')).toHaveLength(buyers.length - pieces);
  expect(seconds).toBeLessThan(5);
  expect(await stockOf(shop, productId)).toBe(0);
}

/** Of two simultaneous orders of 90.00 on a credit of 100.00, one is paid. */
export async function oneCreditTwice(shop: Shop, rounds: number): Promise<void> {
  const productId = await shop.newProduct(2 * rounds, 90_00);
  const [sam] = await registered(shop, 1);
  await giveCredit(shop, sam!.customerId, 10_00);
  const body = { lines: one(productId), payment: { method: 'credit' } };
  for (let round = 0; round < rounds; round++) {
    await giveCredit(shop, sam!.customerId, 90_00);
    const ends = await Promise.all(
      [1, 2].map(async () => {
        const placed = await sam!.at(shop.door()).order(body);
        const { status, reason } = await patientlySettled(sam!, placed.body.id);
        return [status, reason];
      }),
    );
    expect(ends.sort()).toEqual([
      ['paid', undefined],
      ['rejected', 'insufficient_credit'],
    ]);
  }
  const [balance] = await shop.databases.payments.query<{ cents: string }>(
    'select balance_cents as cents from ledger_accounts where customer_id = $1',
    [sam!.customerId],
  );
  expect(balance).toEqual({ cents: '1000' });
  expect(await stockOf(shop, productId)).toBe(rounds);
}
