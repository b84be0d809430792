// Every write to the orders table. Each is one statement that names the state it expects.
import type { PricedLine } from '@shop/contracts/catalog';
import { CURRENCY } from '@shop/contracts/currency';
import type { OrderStatus, PlaceOrder, RejectReason } from '@shop/contracts/orders';
import { sql } from '@shop/kit/database';
import type { DataSource } from 'typeorm';
import { newOrderId } from './order-id.js';
import { isSettled, type Next } from './order-status.js';
import type { OrderEntity } from './order.entity.js';

/** Limit of the growing interval between two sweeps of an order. */
const MAX_SWEEP_SECONDS = 30;

/** Writes the intent down. Undefined when this key or this cart has an order already. */
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
      id,
      customerId,
      idempotencyKey,
      bodyHash,
      JSON.stringify(lines),
      expectedTotalCents,
      JSON.stringify(payment),
      shippingAddress && JSON.stringify(shippingAddress),
      cartVersion,
      CURRENCY,
      sweepSeconds,
    ],
  );
  if (!row) return undefined;
  return {
    id,
    customerId,
    idempotencyKey,
    bodyHash,
    status: 'new',
    reason: null,
    requested: lines,
    expectedTotalCents,
    lines: [],
    totalCents: 0,
    refundedCents: 0,
    currency: CURRENCY,
    shortProductIds: null,
    payment,
    shippingAddress,
    cartVersion,
    alreadyOrderedAs: null,
    createdAt: row.createdAt,
    renewedAt: null,
    cancelledAt: null,
  };
}

/** Writes the final answer to a key whose cart had been ordered under another key. */
export async function insertAlreadyOrdered(
  db: DataSource,
  { customerId, idempotencyKey, bodyHash, payment }: PlaceOrder,
  { id: alreadyOrderedAs, cartVersion }: OrderEntity,
): Promise<void> {
  const id = newOrderId(customerId);
  await sql(
    db,
    `insert into orders (id, customer_id, idempotency_key, body_hash, status, reason, requested, payment, cart_version,
                         already_ordered_as, currency)
     values ($1, $2, $3, $4, 'rejected', 'cart_already_ordered', '[]', $5, $6, $7, $8)
     on conflict do nothing`,
    [id, customerId, idempotencyKey, bodyHash, JSON.stringify(payment), cartVersion, alreadyOrderedAs, CURRENCY],
  );
}

/** Extends the lease of a client that retries a `new` order. Returns the start of the lease; undefined if it is too late. */
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
 * Makes a `new` order `pending` if it is before `endsAt` by the database's clock; returns whether it was. The row is locked
 * before the clock is read, because waiting for the lock may take long; after `endsAt` the client gets a 503.
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

/** Changes the status of an order if it still has the expected one; returns whether it had. */
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

/** Marks a `new` order as cancelled: its status changes no more. Returns whether the order is cancelled, now or before. */
export async function cancelOrder(db: DataSource, id: string): Promise<boolean> {
  const cancelled = await sql(
    db,
    `update orders set withdrawn_at = coalesce(withdrawn_at, now()) where id = $1 and status = 'new' returning id`,
    [id],
  );
  return cancelled.length > 0;
}

/** Cancels the order of a failed attempt unless the client has retried since the attempt began. The sweep finishes it soon. */
export async function cancelAttempt(db: DataSource, id: string, beganAt: Date): Promise<boolean> {
  const cancelled = await sql(
    db,
    `update orders set withdrawn_at = now(), next_sweep_at = now()
     where id = $1 and status = 'new' and withdrawn_at is null
       and date_trunc('milliseconds', greatest(created_at, renewed_at)) <= $2
     returning id`,
    [id, beganAt],
  );
  return cancelled.length > 0;
}

/** Deletes a `new` order for which nothing is held: its key is free again. Returns whether it existed. */
export async function deleteNewOrder(db: DataSource, id: string): Promise<boolean> {
  const deleted = await sql(db, `delete from orders where id = $1 and status = 'new' returning id`, [id]);
  return deleted.length > 0;
}

export interface DueOrder {
  id: string;
  /** Still `new` after the end of its client's lease, or cancelled already. */
  abandoned: boolean;
}

/**
 * Claims up to `limit` orders that are due for a sweep. Each is due again at growing intervals until it is settled. A `new` order
 * is leased to its client for `cancelSeconds` since the client's last request, and due again at the end of the lease.
 */
export function claimDueOrders(
  db: DataSource,
  limit: number,
  sweepSeconds: number,
  cancelSeconds: number,
): Promise<DueOrder[]> {
  return sql<DueOrder>(
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
    [limit, sweepSeconds, MAX_SWEEP_SECONDS, cancelSeconds],
  );
}
