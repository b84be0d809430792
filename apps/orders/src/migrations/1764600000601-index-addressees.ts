// The name on the shipping address; of one name the newest orders come first.
import type { MigrationInterface, QueryRunner } from 'typeorm';

export class IndexAddressees1764600000601 implements MigrationInterface {
  readonly transaction = false;

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create index concurrently if not exists orders_by_addressee
      on orders ((lower(shipping_address->>'name') collate "C"), id desc) where shipping_address is not null`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop index concurrently if exists orders_by_addressee');
  }
}
