import type { MigrationInterface, QueryRunner } from 'typeorm';

// The contract is the one source of the currency: every order says its own, and the column has no default that could say
// another. The version before this one relied on the default, and runs on beside this one for a while, so the column may be
// null: such an order is read as one in the contract's currency.
export class WriteTheCurrency1764600000101 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('alter table orders alter column currency drop default, alter column currency drop not null');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`alter table orders alter column currency set default 'EUR'`);
  }
}
