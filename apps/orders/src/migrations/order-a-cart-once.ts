import type { MigrationInterface, QueryRunner } from 'typeorm';

export class OrderACartOnce1764600000100 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('alter table orders add column renewed_at timestamptz, add column already_ordered_as uuid');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('alter table orders drop column renewed_at, drop column already_ordered_as');
  }
}
