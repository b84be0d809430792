// Holding stock for orders. Each call is one statement: what it does is in the migration that creates its function.
import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import type { LineRequest, ReserveResult } from '@shop/contracts/catalog';
import { sql } from '@shop/kit/database';
import { DataSource } from 'typeorm';
import { CURRENCY } from './product-json.js';

@Injectable()
export class Reservations {
  constructor(@InjectDataSource('catalog') private readonly dataSource: DataSource) {}

  /** All lines or none. Safe to repeat, also at the same time; an order once released stays so. */
  async reserve(orderId: string, lines: LineRequest[], expectedTotalCents?: number): Promise<ReserveResult> {
    const [row] = await sql<{ answer: ReserveResult }>(this.dataSource, 'select reserve($1, $2, $3, $4) as answer', [
      orderId,
      lines.map((line) => line.productId),
      lines.map((line) => line.quantity),
      expectedTotalCents ?? null,
    ]);
    const answer = row!.answer;
    return 'lines' in answer ? { ...answer, currency: CURRENCY } : answer;
  }

  /** What is held is sold. False when it was released before, or never held. */
  async confirm(orderId: string): Promise<boolean> {
    const [row] = await sql<{ done: boolean }>(this.dataSource, 'select confirm_reservation($1) as done', [orderId]);
    return row!.done;
  }

  /** What is held goes back into stock, once. False when it was confirmed before. */
  async release(orderId: string): Promise<boolean> {
    const [row] = await sql<{ done: boolean }>(this.dataSource, 'select release_reservation($1) as done', [orderId]);
    return row!.done;
  }
}
