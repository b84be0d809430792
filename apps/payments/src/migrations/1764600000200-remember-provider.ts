import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Rows that are there already keep null: who took their charge is in the books. */
export class RememberProvider1764600000200 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('alter table payments add column provider text');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('alter table payments drop column provider');
  }
}
