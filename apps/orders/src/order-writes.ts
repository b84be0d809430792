// Every write to the orders table. Each is one statement, and each says what it expects to find.
import type { PricedLine } from '@shop/contracts/catalog';
import type { OrderStatus, PlaceOrder, RejectReason } from '@shop/contracts/orders';
import { sql } from '@shop/kit/database';
import type { DataSource } from 'typeorm';
import { newOrderId } from './order-id.js';
import { isSettled, type Next } from './order-status.js';
import type { OrderEntity } from './order.entity.js';

/** At most so long between two sweeps of one order. */
const MAX_SWEEP_SECONDS = 30;

/** Writes the intent down. Undefined when the customer used this key before. */
export async function insertOrder(
  db: DataSource,
  order: PlaceOrder,
  sweepSeconds: number,
): Promise<OrderEntity | undefined> {
  const { customerId, idempotencyKey, bodyHash, lines, payment } = order;
  const { expectedTotalCents = null, shippingAddress = null, cartVersion = null } = order;
  const id = newOrderId(customerId);
  const [row] = await sql<{ createdAt: Date }>(
    db,
    `insert into orders (id, customer_id, idempotency_key, body_hash, requested, expected_total_cents, payment,
                         shipping_address, cart_version, next_sweep_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, now() + make_interval(secs => $10))
     on conflict (customer_id, idempotency_key) do nothing
     returning created_at as "createdAt"`,
    [
      ...[id, customerId, idempotencyKey, bodyHash, JSON.stringify(lines), expectedTotalCents],
      ...[JSON.stringify(payment), shippingAddress && JSON.stringify(shippingAddress), cartVersion, sweepSeconds],
    ],
  );
  if (!row) return undefined;
  return {
    ...{ id, customerId, idempotencyKey, bodyHash, requested: lines, payment, expectedTotalCents, shippingAddress },
    ...{ cartVersion, status: 'new', reason: null, lines: [], totalCents: 0, refundedCents: 0, currency: 'EUR' },
    ...{ shortProductIds: null, createdAt: row.createdAt, withdrawnAt: null },
  };
}

export interface Outcome {
  reason?: RejectReason;
  lines?: PricedLine[];
  totalCents?: number;
  shortProductIds?: string[];
}

/** Moves an order on if it still is where the caller thinks it is; answers whether it was. */
export async function moveOrder<F extends OrderStatus>(
  db: DataSource,
  id: string,
  [from, to]: [from: F, to: Next<F>],
  { reason, lines, totalCents, shortProductIds }: Outcome = {},
): Promise<boolean> {
  const moved = await sql(
    db,
    `update orders
     set status = $3, reason = $4, lines = coalesce($5, lines), total_cents = coalesce($6, total_cents),
         short_product_ids = coalesce($7, short_product_ids),
         next_sweep_at = case when $8::boolean then null else next_sweep_at end
     where id = $1 and status = $2 and withdrawn_at is null
     returning id`,
    [id, from, to, reason, lines && JSON.stringify(lines), totalCents, shortProductIds, isSettled(to)],
  );
  return moved.length > 0;
}

/** Ends the life of an order nobody was told of: from now on it moves nowhere. Answers whether it was in time, now or before. */
export async function withdrawNewOrder(db: DataSource, id: string): Promise<boolean> {
  const withdrawn = await sql(
    db,
    `update orders set withdrawn_at = coalesce(withdrawn_at, now()) where id = $1 and status = 'new' returning id`,
    [id],
  );
  return withdrawn.length > 0;
}

/** Takes an order back of which nobody was told and for which nothing is held: its key is free again. */
export async function deleteNewOrder(db: DataSource, id: string): Promise<boolean> {
  const deleted = await sql(db, `delete from orders where id = $1 and status = 'new' returning id`, [id]);
  return deleted.length > 0;
}

export interface DueOrder {
  id: string;
  /** Still `new` after all this time, or given up already. */
  abandoned: boolean;
}

/** Takes up to `limit` orders that are due for a sweep; each comes back later, at growing intervals, until it is settled. */
export function claimDueOrders(
  db: DataSource,
  limit: number,
  sweepSeconds: number,
  withdrawSeconds: number,
): Promise<DueOrder[]> {
  return sql<{ id: string; abandoned: boolean }>(
    db,
    `with due as (
       select id from orders where next_sweep_at <= now() order by next_sweep_at limit $1 for update skip locked
     )
     update orders
     set sweeps = sweeps + 1,
         next_sweep_at = now() + make_interval(secs => least($2::float8 * 2 ^ least(sweeps, 20), $3))
     from due where orders.id = due.id
     returning orders.id, withdrawn_at is not null
       or (status = 'new' and created_at < now() - make_interval(secs => $4)) as abandoned`,
    [limit, sweepSeconds, MAX_SWEEP_SECONDS, withdrawSeconds],
  );
}
