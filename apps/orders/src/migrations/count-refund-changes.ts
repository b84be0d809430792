import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The revision of the refunds that the order received last. */
export class CountRefundChanges1764600000203 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('alter table orders add column refund_revision integer not null default 0');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('alter table orders drop column refund_revision');
  }
}
