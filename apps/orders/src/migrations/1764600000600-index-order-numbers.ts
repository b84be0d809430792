// Pages show the end of an id as the number of an order.
import type { MigrationInterface, QueryRunner } from 'typeorm';

export class IndexOrderNumbers1764600000600 implements MigrationInterface {
  readonly transaction = false;

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create index concurrently if not exists orders_by_number
      on orders (right(id::text, 8))`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop index concurrently if exists orders_by_number');
  }
}
