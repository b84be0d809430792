// What the databases of a shop say about stock, credit and orders.
import { reconcile } from '@shop/tools/reconcile/reconciliation';
import type { Shop } from '../shop.js';

export async function stockOf({ databases }: Shop, productId: string): Promise<number> {
  const text = 'select stock from products where id = $1';
  const [row] = await databases.catalog.query<{ stock: number }>(text, [productId]);
  return row!.stock;
}

/** Store credit, as staff would give it. */
export async function giveCredit({ databases }: Shop, customerId: string, cents: number): Promise<void> {
  const account = `credit:${customerId}`;
  await databases.payments.query(
    'insert into ledger_accounts (name, customer_id, balance_cents) values ($1, $2, 0) on conflict do nothing',
    [account, customerId],
  );
  await databases.payments.query(
    `with booked as (insert into ledger_transactions (id, reference) values (gen_random_uuid(), $1) returning id)
     insert into ledger_entries (transaction_id, account, amount_cents)
     select id, account, cents from booked, (values ('credit-given', -$3::bigint), ($2, $3::bigint)) side (account, cents)`,
    [`${account}:${Math.random()}`, account, cents],
  );
}

/** Every disagreement between the databases; work in progress has a few seconds to finish. */
export async function disagreements({ databases: { orders, catalog, payments } }: Shop): Promise<string[]> {
  const urls = { orders: orders.url, catalog: catalog.url, payments: payments.url };
  return (await reconcile({ urls, graceSeconds: 3, stuckSeconds: 60, sinceDays: 7 })).disagreements;
}
