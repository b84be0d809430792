import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Due payments by the share that they take: a share that is full may have thousands, which the others need not read. */
export class IndexDuePayments1764600000205 implements MigrationInterface {
  readonly transaction = false;

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create index concurrently if not exists payments_due on payments (coalesce(provider, 'credit'), next_attempt_at)
      where next_attempt_at is not null`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop index concurrently if exists payments_due');
  }
}
