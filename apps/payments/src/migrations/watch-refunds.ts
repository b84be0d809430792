import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * When to ask the provider whether a refund that it made has failed since, and when the refund was booked back. The default is for
 * refunds that a version without these columns inserts; existing rows do not get it.
 */
export class WatchRefunds1764600000201 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('alter table refunds add column next_check_at timestamptz, add column reversed_at timestamptz');
    await runner.query('alter table refunds alter column next_check_at set default now()');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('alter table refunds drop column next_check_at, drop column reversed_at');
  }
}
