import type { MigrationInterface, QueryRunner } from 'typeorm';

export class PruneProviderEvents1763769600006 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('create index provider_events_by_age on provider_events (received_at)');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop index provider_events_by_age');
  }
}
