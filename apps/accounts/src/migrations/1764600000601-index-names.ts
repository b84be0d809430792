// Customers with the same name are ordered newest first.
import type { MigrationInterface, QueryRunner } from 'typeorm';

export class IndexNames1764600000601 implements MigrationInterface {
  readonly transaction = false;

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create index concurrently if not exists customers_by_name
      on customers ((lower(name) collate "C"), id desc)`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop index concurrently if exists customers_by_name');
  }
}
