// The last word of the name on the shipping address.
import type { MigrationInterface, QueryRunner } from 'typeorm';

export class IndexLastNamesOfAddressees1764600000602 implements MigrationInterface {
  readonly transaction = false;

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create index concurrently if not exists orders_by_last_name_of_addressee
      on orders ((lower(substring(shipping_address->>'name' from '[^ ]+$')) collate "C"), id desc)
      where shipping_address is not null`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop index concurrently if exists orders_by_last_name_of_addressee');
  }
}
