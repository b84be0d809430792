// For the beginning of an address: customers_email has another collation, so it finds only whole ones.
import type { MigrationInterface, QueryRunner } from 'typeorm';

export class IndexEmails1764600000600 implements MigrationInterface {
  readonly transaction = false;

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create index concurrently if not exists customers_by_email
      on customers ((lower(email) collate "C"), id desc)`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop index concurrently if exists customers_by_email');
  }
}
