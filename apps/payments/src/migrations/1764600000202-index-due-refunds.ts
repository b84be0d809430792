import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Refunds with something to do, now or later: `least` leaves nulls out. */
export class IndexDueRefunds1764600000202 implements MigrationInterface {
  readonly transaction = false;

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create index concurrently if not exists refunds_due on refunds (least(next_attempt_at, next_check_at))
      where least(next_attempt_at, next_check_at) is not null`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop index concurrently if exists refunds_due');
  }
}
