import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Reconcile asks the fake provider for its newest charges every minute. */
export class IndexFakeCharges1764600000206 implements MigrationInterface {
  readonly transaction = false;

  async up(runner: QueryRunner): Promise<void> {
    await runner.query('create index concurrently if not exists fake_charges_by_time on fake_charges (created_at)');
    await runner.query('create index concurrently if not exists fake_refunds_of_charge on fake_refunds (charge_key)');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop index concurrently if exists fake_refunds_of_charge');
    await runner.query('drop index concurrently if exists fake_charges_by_time');
  }
}
