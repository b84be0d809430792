import type { MigrationInterface, QueryRunner } from 'typeorm';

export class CreateCustomers1763800000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table customers (
        id            uuid primary key,
        email         text not null,
        name          text not null,
        role          text not null check (role in ('customer', 'staff')),
        password_hash text not null,
        created_at    timestamptz not null default now()
      )`);
    await runner.query('create unique index customers_email on customers (lower(email))');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table customers');
  }
}
