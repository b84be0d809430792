// Every write to the orders table. Each is one statement, and each says what it expects to find.
import type { PricedLine } from '@shop/contracts/catalog';
import { CURRENCY } from '@shop/contracts/currency';
import type { OrderStatus, PlaceOrder, RejectReason } from '@shop/contracts/orders';
import { sql } from '@shop/kit/database';
import type { DataSource } from 'typeorm';
import { newOrderId } from './order-id.js';
import { isSettled, type Next } from './order-status.js';
import type { OrderEntity } from './order.entity.js';

/** At most so long between two sweeps of one order. */
const MAX_SWEEP_SECONDS = 30;

/** Writes the intent down. Undefined when this key, or this cart, has an order already. */
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
                         shipping_address, cart_version, currency, next_sweep_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, now() + make_interval(secs => $11))
     on conflict do nothing
     returning created_at as "createdAt"`,
    [
      ...[id, customerId, idempotencyKey, bodyHash, JSON.stringify(lines), expectedTotalCents, JSON.stringify(payment)],
      ...[shippingAddress && JSON.stringify(shippingAddress), cartVersion, CURRENCY, sweepSeconds],
    ],
  );
  if (!row) return undefined;
  return {
    ...{ id, customerId, idempotencyKey, bodyHash, requested: lines, payment, expectedTotalCents, shippingAddress },
    ...{ cartVersion, status: 'new', reason: null, lines: [], totalCents: 0, refundedCents: 0, currency: CURRENCY },
    ...{ shortProductIds: null, alreadyOrderedAs: null, createdAt: row.createdAt, renewedAt: null, withdrawnAt: null },
  };
}

/** Answers a key for good: its cart had been ordered already. */
export async function insertAlreadyOrdered(
  db: DataSource,
  { customerId, idempotencyKey, bodyHash, payment }: PlaceOrder,
  { id: alreadyOrderedAs, cartVersion }: OrderEntity,
): Promise<void> {
  await sql(
    db,
    `insert into orders (id, customer_id, idempotency_key, body_hash, status, reason, requested, payment, cart_version,
                         already_ordered_as, currency)
     values ($1, $2, $3, $4, 'rejected', 'cart_already_ordered', '[]', $5, $6, $7, $8)
     on conflict do nothing`,
    [
      ...[newOrderId(customerId), customerId, idempotencyKey, bodyHash, JSON.stringify(payment)],
      ...[cartVersion, alreadyOrderedAs, CURRENCY],
    ],
  );
}

/** The client came again: from now on it may be waiting for this `new` order. Answers when that was; undefined if too late. */
export async function renewOrder(db: DataSource, id: string): Promise<Date | undefined> {
  const [row] = await sql<{ renewedAt: Date }>(
    db,
    `update orders set renewed_at = now() where id = $1 and status = 'new' and withdrawn_at is null
     returning renewed_at as "renewedAt"`,
    [id],
  );
  return row?.renewedAt;
}

export interface Outcome {
  reason?: RejectReason;
  lines?: PricedLine[];
  totalCents?: number;
  shortProductIds?: string[];
}

/**
 * Makes a `new` order `pending`, before `endsAt` by the database's clock; answers whether it was in time. The row is locked
 * before the clock is read, because locking may take long; after `endsAt` the client gets a 503.
 */
export async function acceptOrder(
  db: DataSource,
  id: string,
  { lines, totalCents }: Required<Pick<Outcome, 'lines' | 'totalCents'>>,
  endsAt: Date | undefined,
): Promise<boolean> {
  const accepted = await sql(
    db,
    `with held as (
       select id from orders where id = $1 and status = 'new' and withdrawn_at is null for no key update
     )
     update orders set status = 'pending', lines = $2, total_cents = $3
     from held where orders.id = held.id and clock_timestamp() < coalesce($4, 'infinity'::timestamptz)
     returning orders.id`,
    [id, JSON.stringify(lines), totalCents, endsAt],
  );
  return accepted.length > 0;
}

/** Moves an order on if it still is where the caller thinks it is; answers whether it was. */
export async function moveOrder<F extends OrderStatus>(
  db: DataSource,
  id: string,
  [from, to]: [from: F, to: Exclude<Next<F>, 'pending'>],
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

/** Ends the life of a `new` order: from now on it moves nowhere. Answers whether it was in time, now or before. */
export async function withdrawOrder(db: DataSource, id: string): Promise<boolean> {
  const withdrawn = await sql(
    db,
    `update orders set withdrawn_at = coalesce(withdrawn_at, now()) where id = $1 and status = 'new' returning id`,
    [id],
  );
  return withdrawn.length > 0;
}

/** The same by an attempt that failed, unless the client came again after it began. The sweep does the rest, soon. */
export async function withdrawAttempt(db: DataSource, id: string, beganAt: Date): Promise<boolean> {
  const withdrawn = await sql(
    db,
    `update orders set withdrawn_at = now(), next_sweep_at = now()
     where id = $1 and status = 'new' and withdrawn_at is null
       and date_trunc('milliseconds', greatest(created_at, renewed_at)) <= $2
     returning id`,
    [id, beganAt],
  );
  return withdrawn.length > 0;
}

/** Deletes a `new` order for which nothing is held: its key is free again. Answers whether it was there. */
export async function deleteNewOrder(db: DataSource, id: string): Promise<boolean> {
  const deleted = await sql(db, `delete from orders where id = $1 and status = 'new' returning id`, [id]);
  return deleted.length > 0;
}

export interface DueOrder {
  id: string;
  /** Still `new` after its client's time, or withdrawn already. */
  abandoned: boolean;
}

/**
 * Takes up to `limit` orders that are due for a sweep; each comes back later, at growing intervals, until it is settled. A
 * `new` one belongs to its client for `withdrawSeconds` since that last came, and is due again at their end.
 */
export function claimDueOrders(
  db: DataSource,
  limit: number,
  sweepSeconds: number,
  withdrawSeconds: number,
): Promise<DueOrder[]> {
  return sql<{ id: string; abandoned: boolean }>(
    db,
    `with due as (
       select id, case when status = 'new' and withdrawn_at is null
                       then greatest(created_at, renewed_at) + make_interval(secs => $4) end as leased_until
       from orders where next_sweep_at <= now() order by next_sweep_at limit $1 for update skip locked
     )
     update orders
     set sweeps = sweeps + 1,
         next_sweep_at = case when leased_until > now() then leased_until
                              else now() + make_interval(secs => least($2::float8 * 2 ^ least(sweeps, 20), $3)) end
     from due where orders.id = due.id
     returning orders.id, status = 'new' and (leased_until is null or leased_until <= now()) as abandoned`,
    [limit, sweepSeconds, MAX_SWEEP_SECONDS, withdrawSeconds],
  );
}
