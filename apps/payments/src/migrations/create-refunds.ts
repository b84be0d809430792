import type { MigrationInterface, QueryRunner } from 'typeorm';

export class CreateRefunds1763769600004 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`insert into ledger_accounts (name) values ('provider:stripe')`);
    await runner.query(`
      create table refunds (
        id uuid primary key,
        order_id uuid not null references payments,
        idempotency_key text not null,
        requested_cents bigint,
        amount_cents bigint not null check (amount_cents > 0),
        reason text not null,
        status text not null default 'waiting' check (status in ('waiting', 'refunded', 'failed')),
        failure text,
        attempts integer not null default 0,
        next_attempt_at timestamptz default now(),
        created_at timestamptz not null default now(),
        settled_at timestamptz,
        unique (order_id, idempotency_key),
        check ((status = 'failed') = (failure is not null)),
        check (status <> 'waiting' or next_attempt_at is not null)
      )`);
    // The index contains only refunds under way.
    await runner.query(
      'create index refunds_to_attempt on refunds (next_attempt_at) where next_attempt_at is not null',
    );
    await runner.query(`
      create table fake_refunds (
        idempotency_key uuid primary key,
        charge_key uuid not null,
        amount_cents bigint not null,
        calls integer not null,
        created_at timestamptz not null default now()
      )`);
    // The status of the payment when the event came: null for an unknown order.
    await runner.query(`
      create table provider_events (
        id text primary key,
        type text not null,
        order_id uuid,
        payment_status text,
        received_at timestamptz not null default now()
      )`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table provider_events, fake_refunds, refunds');
  }
}
