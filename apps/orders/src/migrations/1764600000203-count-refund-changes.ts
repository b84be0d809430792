import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Which state of its refunds an order was told last. */
export class CountRefundChanges1764600000203 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('alter table orders add column refund_revision integer not null default 0');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('alter table orders drop column refund_revision');
  }
}
