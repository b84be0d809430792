import type { MigrationInterface, QueryRunner } from 'typeorm';

// For lists of a rare status, newest first. Neither index contains a paid order or a column that a paid order changes, so paid
// orders cost no index writes.
export class ListRareOrders1763769600005 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('create index orders_rejected on orders (id desc) where reason is not null');
    await runner.query('create index orders_refunded on orders (id desc) where refunded_cents > 0');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop index orders_rejected, orders_refunded');
  }
}
