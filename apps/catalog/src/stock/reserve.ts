// Holding stock for orders. Each call is one statement; its logic is in the migration that creates the function.
import { Inject, Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import type { LineRequest, ReserveResult } from '@shop/contracts/catalog';
import { CURRENCY } from '@shop/contracts/currency';
import { sql } from '@shop/kit/database';
import { DataSource } from 'typeorm';
import { catalogConfig, type CatalogConfig } from '../catalog.config.js';
import { ReserveTogether, type Asked } from './reserve-together.js';

@Injectable()
export class Reservations {
  private readonly together: ReserveTogether;

  constructor(
    @InjectDataSource('catalog') private readonly db: DataSource,
    @Inject(catalogConfig.token) private readonly config: CatalogConfig,
  ) {
    this.together = new ReserveTogether(config.CATALOG_RESERVE_TOGETHER, async (orders) =>
      (orders.length === 1 ? await this.reserveOne(orders[0]!) : await this.reserveMany(orders)).map(({ answer }) =>
        'lines' in answer ? { ...answer, currency: CURRENCY } : answer,
      ),
    );
  }

  /** All lines or none. Idempotent, also concurrently; an order that was released stays released. */
  reserve(orderId: string, lines: LineRequest[], expectedTotalCents?: number): Promise<ReserveResult> {
    return this.together.reserve({ orderId, lines, expectedTotalCents });
  }

  /** Sells the held stock. False when it was released before, or never held. */
  async confirm(orderId: string): Promise<boolean> {
    const [row] = await sql<{ done: boolean }>(this.db, 'select confirm_reservation($1) as done', [orderId]);
    return row!.done;
  }

  /** Returns the held stock, once. False when it was confirmed before. */
  async release(orderId: string): Promise<boolean> {
    const [row] = await sql<{ done: boolean }>(this.db, 'select release_reservation($1) as done', [orderId]);
    return row!.done;
  }

  /** Claims up to `limit` expired reservations; each expires again after `againSeconds` unless it is settled. */
  async claimExpired(limit: number, againSeconds: number): Promise<string[]> {
    const claimed = await sql<{ orderId: string }>(
      this.db,
      `with due as (
         select order_id from reservations where status = 'held' and expires_at <= now()
         order by expires_at limit $1 for update skip locked
       )
       update reservations set expires_at = now() + make_interval(secs => $2)
       from due where reservations.order_id = due.order_id
       returning due.order_id as "orderId"`,
      [limit, againSeconds],
    );
    return claimed.map(({ orderId }) => orderId);
  }

  /** Holds the reservations for another period. */
  async prolong(orderIds: string[]): Promise<void> {
    await sql(
      this.db,
      `update reservations set expires_at = now() + make_interval(secs => $2)
       where order_id = any($1) and status = 'held'`,
      [orderIds, this.config.RESERVATION_SECONDS],
    );
  }

  private reserveOne({ orderId, lines, expectedTotalCents }: Asked): Promise<{ answer: ReserveResult }[]> {
    return sql(this.db, 'select reserve($1, $2, $3, $4, $5) as answer', [
      orderId,
      lines.map((line) => line.productId),
      lines.map((line) => line.quantity),
      expectedTotalCents ?? null,
      this.config.RESERVATION_SECONDS,
    ]);
  }

  private reserveMany(orders: Asked[]): Promise<{ answer: ReserveResult }[]> {
    const lines = orders.flatMap((order, i) => order.lines.map((line) => ({ ...line, position: i + 1 })));
    return sql(this.db, 'select answer from reserve_together($1, $2, $3, $4, $5, $6) as answer', [
      orders.map(({ orderId }) => orderId),
      orders.map(({ expectedTotalCents }) => expectedTotalCents ?? null),
      lines.map(({ position }) => position),
      lines.map(({ productId }) => productId),
      lines.map(({ quantity }) => quantity),
      this.config.RESERVATION_SECONDS,
    ]);
  }
}
