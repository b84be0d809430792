import type { MigrationInterface, QueryRunner } from 'typeorm';

export class WithdrawOrders1763769600003 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      alter table orders add column withdrawn_at timestamptz,
        add check (withdrawn_at is null or status = 'new')`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('alter table orders drop column withdrawn_at');
  }
}
