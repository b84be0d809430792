import type { MigrationInterface, QueryRunner } from 'typeorm';

// The contract is the only source of the currency: every insert names it, and the column has no default that could differ. The
// version before relied on the default and runs beside this one for a while, so the column may be null: such an order is read in
// the contract's currency.
export class WriteTheCurrency1764600000101 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('alter table orders alter column currency drop default, alter column currency drop not null');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`alter table orders alter column currency set default 'EUR'`);
  }
}
