// Thousands of settled orders, written into the databases of a shop directly.
import type { Databases } from '../stores.js';

/** SQL for the id of the n-th order; from 2025 on there is one per minute. */
const orderId = (n: string) =>
  `(lpad(to_hex(1735689600000 + (${n})::bigint * 60000), 12, '0') || '7000800000000000' || lpad(to_hex(${n}), 4, '0'))::uuid`;

/** Writes orders paid by card with reservation, payment, charge and ledger entries; returns their ids, the oldest first. */
export async function writeHistory({ orders, catalog, payments }: Databases, count: number): Promise<string[]> {
  const each = `from generate_series(1, ${count}) n`;
  const at = `to_timestamp(1735689600 + n * 60)`;
  const lines = `'[{"productId": "0190b0b5-3620-7000-8000-00c7a28d6e37", "quantity": 2}]'`;
  const card = `'{"method": "card", "token": "tok_ok"}'`;
  await orders.query(
    `insert into orders (id, customer_id, idempotency_key, body_hash, status, requested, lines, total_cents, currency, payment, created_at)
     select ${orderId('n::int')}, gen_random_uuid(), n::text, '', 'paid', ${lines}, ${lines}, 6800, 'EUR', ${card}, ${at} ${each}`,
  );
  await catalog.query(
    `insert into reservations (order_id, status, lines, total_cents, created_at, settled_at)
     select ${orderId('n::int')}, 'confirmed', ${lines}, 6800, ${at}, ${at} ${each}`,
  );
  await payments.query(
    `insert into payments (order_id, customer_id, amount_cents, currency, payment, status, charge_id, give_up_at, created_at, settled_at)
     select ${orderId('n::int')}, gen_random_uuid(), 6800, 'EUR', ${card}, 'paid', 'fake_' || ${orderId('n::int')}, ${at}, ${at}, ${at} ${each}`,
  );
  await payments.query(
    `insert into fake_charges (idempotency_key, amount_cents, token, calls, status, created_at)
     select ${orderId('n::int')}, 6800, 'tok_ok', 1, 'paid', ${at} ${each}`,
  );
  await payments.query(
    `with booked as (
       insert into ledger_transactions (id, reference)
       select ${orderId('n::int')}, 'payment:' || ${orderId('n::int')} ${each} returning id
     )
     insert into ledger_entries (transaction_id, account, amount_cents)
     select id, account, cents from booked, (values ('sales', 6800), ('provider:fake', -6800)) side (account, cents)`,
  );
  for (const [database, tables] of [
    [orders, 'orders'],
    [catalog, 'reservations'],
    [payments, 'payments, ledger_transactions, ledger_entries, ledger_accounts, refunds, fake_charges'],
  ] as const)
    await database.query(`vacuum analyze ${tables}`);
  const rows = await orders.query<{ id: string }>('select id from orders order by id');
  return rows.map(({ id }) => id);
}
