import type { MigrationInterface, QueryRunner } from 'typeorm';

export class CreatePayments1763769600001 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table payments (
        order_id uuid primary key,
        customer_id uuid not null,
        amount_cents bigint not null check (amount_cents >= 0),
        currency text not null,
        payment jsonb not null,
        status text not null default 'waiting' check (status in ('waiting', 'paid', 'declined')),
        reason text,
        charge_id text,
        attempts integer not null default 1,
        in_doubt boolean not null default true,
        give_up_at timestamptz not null,
        next_attempt_at timestamptz,
        created_at timestamptz not null default now(),
        settled_at timestamptz,
        check ((status = 'declined') = (reason is not null)),
        check ((status = 'waiting') = (next_attempt_at is not null))
      )`);
    // The index contains only payments under way.
    await runner.query(
      'create index payments_to_attempt on payments (next_attempt_at) where next_attempt_at is not null',
    );
    await runner.query(`
      create table fake_charges (
        idempotency_key uuid primary key,
        amount_cents bigint not null,
        token text not null,
        calls integer not null,
        status text not null check (status in ('open', 'paid', 'declined', 'cancelled')),
        created_at timestamptz not null default now()
      )`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table fake_charges');
    await runner.query('drop table payments');
  }
}
