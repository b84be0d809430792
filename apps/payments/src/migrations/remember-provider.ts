import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Existing rows keep null: the books say which provider charged. */
export class RememberProvider1764600000200 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('alter table payments add column provider text');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('alter table payments drop column provider');
  }
}
