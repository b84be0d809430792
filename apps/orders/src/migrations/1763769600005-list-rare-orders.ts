import type { MigrationInterface, QueryRunner } from 'typeorm';

// Lists of a rare status, newest first. Neither index has a paid order in it, or a column that one changes on its way:
// they cost it nothing.
export class ListRareOrders1763769600005 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('create index orders_rejected on orders (id desc) where reason is not null');
    await runner.query('create index orders_refunded on orders (id desc) where refunded_cents > 0');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop index orders_rejected, orders_refunded');
  }
}
