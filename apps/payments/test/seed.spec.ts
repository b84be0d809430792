import { createTestDatabase, type TestDatabase } from '@shop/kit/testing/stores';
import { expect, it } from 'vitest';
import { startPayments } from './payments-under-test.js';

const card = { method: 'card', token: 'tok_ok' } as const;
const credit = (db: TestDatabase) => db.query(`select from ledger_transactions where reference like 'credit:%:seed'`);

it('refuses to start on the payments of a real shop with a one-line error, and gives no credit', async () => {
  const db = await createTestDatabase('payments');
  const shop = await startPayments({}, db);
  const { orderId } = await shop.charge(card);
  await shop.settled(orderId);
  await shop.stop();
  const refused = await startPayments({ SEED: 'demo' }, db).catch((error: Error) => error.message);
  expect(refused).toMatch(/^SEED=demo is refused: .* Set SEED=none\.$/);
  expect(await credit(db)).toEqual([]);
  await db.drop();
});

it('starts again on a demo database with payments', async () => {
  const db = await createTestDatabase('payments');
  const shop = await startPayments({ SEED: 'demo' }, db);
  const { orderId } = await shop.charge(card);
  await shop.settled(orderId);
  await shop.stop();
  await (await startPayments({ SEED: 'demo' }, db)).stop();
  expect(await credit(db)).toHaveLength(1);
  await db.drop();
});
