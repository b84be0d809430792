import { v7 as uuidv7 } from 'uuid';
import { getDataSourceToken } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { giveCredit } from '../src/credit.js';
import { startPayments, type Payments } from './payments-under-test.js';

const demo = '01900000-0000-7000-8000-000000000001';
const credit = { method: 'credit' } as const;

let payments: Payments;
let dataSource: DataSource;
beforeAll(async () => {
  payments = await startPayments({ SEED: 'demo' });
  dataSource = payments.running.app.get<DataSource>(getDataSourceToken('payments'), { strict: false });
});
afterAll(() => payments.stop());

const balanceOf = async (customerId: string) => {
  const [row] = await payments.db.query<{ kept: number; derived: number }>(
    `select balance_cents::float8 as kept,
            (select sum(amount_cents)::float8 from ledger_entries where account = name) as derived
     from ledger_accounts where customer_id = $1`,
    [customerId],
  );
  return row;
};

test('the demo customer is given 100.00, once', async () => {
  expect(await balanceOf(demo)).toEqual({ kept: 10_000, derived: 10_000 });
  expect(await giveCredit(dataSource, demo, 10_000, 'seed')).toBe(false);
  expect(await balanceOf(demo)).toEqual({ kept: 10_000, derived: 10_000 });
});

test('one of two concurrent orders of 90.00 on a credit of 100.00 is paid, in each of twenty rounds', async () => {
  for (let round = 0; round < 20; round += 1) {
    const customerId = uuidv7();
    await giveCredit(dataSource, customerId, 100_00, 'test');
    const [a, b] = await Promise.all([1, 2].map(() => payments.charge(credit, { customerId, amountCents: 90_00 })));
    const outcomes = await Promise.all([payments.settled(a!.orderId), payments.settled(b!.orderId)]);
    expect(outcomes).toContainEqual({ status: 'paid' });
    expect(outcomes).toContainEqual({ status: 'declined', reason: 'insufficient_credit' });
    expect(await balanceOf(customerId)).toEqual({ kept: 10_00, derived: 10_00 });
  }
});

test('credit can be spent to the last cent, and not without any', async () => {
  const customerId = uuidv7();
  await giveCredit(dataSource, customerId, 5_00, 'test');
  const all = await payments.charge(credit, { customerId, amountCents: 5_00 });
  expect(await payments.settled(all.orderId)).toEqual({ status: 'paid' });
  expect(await payments.entries(all.orderId)).toEqual([
    { account: `credit:${customerId}`, cents: -500 },
    { account: 'sales', cents: 500 },
  ]);
  const none = await payments.charge(credit, { amountCents: 1 });
  expect(await payments.settled(none.orderId)).toEqual({ status: 'declined', reason: 'insufficient_credit' });
});

test('the database refuses a transaction that does not sum to zero', async () => {
  const refused = payments.db.query(
    `with booked as (insert into ledger_transactions (id, reference) values ($1, 'unbalanced') returning id)
     insert into ledger_entries select id, account, cents from booked, (values ('sales', 5), ('provider:fake', -4)) e (account, cents)`,
    [uuidv7()],
  );
  await expect(refused).rejects.toThrow('must sum to zero');
  expect(await payments.db.query(`select from ledger_transactions where reference = 'unbalanced'`)).toEqual([]);
});

test('the database refuses an entry of an unknown account, and one that overdraws a customer', async () => {
  const book = (account: string, id = uuidv7()) =>
    payments.db.query(
      `with booked as (insert into ledger_transactions (id, reference) values ($1, $2) returning id)
       insert into ledger_entries select id, account, cents from booked, (values ($3, -1000000), ('sales', 1000000)) e (account, cents)`,
      [id, `test:${id}`, account],
    );
  await expect(book('unknown')).rejects.toThrow('unknown account');
  await expect(book(`credit:${demo}`)).rejects.toThrow('balance_not_negative');
});

test.each([
  'update ledger_entries set amount_cents = amount_cents * 2',
  'delete from ledger_entries',
  'truncate ledger_entries',
  `update ledger_transactions set reference = 'x'`,
  'delete from ledger_transactions where false',
  'delete from ledger_accounts',
  'update ledger_accounts set balance_cents = 1 where balance_cents is not null',
])('the database refuses to rewrite the books: %s', async (statement) => {
  await expect(payments.db.query(statement)).rejects.toThrow('the ledger is only ever added to');
});

test('all entries together sum to zero, and every kept balance is the sum of its entries', async () => {
  const [sum] = await payments.db.query<{ cents: number }>(
    'select sum(amount_cents)::float8 as cents from ledger_entries',
  );
  expect(sum!.cents).toBe(0);
  const wrong = await payments.db.query(
    `select name from ledger_accounts where customer_id is not null and balance_cents <>
       coalesce((select sum(amount_cents) from ledger_entries where account = name), 0)`,
  );
  expect(wrong).toEqual([]);
});
