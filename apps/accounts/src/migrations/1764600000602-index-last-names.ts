// The last word of a name.
import type { MigrationInterface, QueryRunner } from 'typeorm';

export class IndexLastNames1764600000602 implements MigrationInterface {
  readonly transaction = false;

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create index concurrently if not exists customers_by_last_name
      on customers ((lower(substring(name from '[^ ]+$')) collate "C"), id desc)`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop index concurrently if exists customers_by_last_name');
  }
}
