import type { MigrationInterface, QueryRunner } from 'typeorm';

export class CreateOrders1763769600000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table orders (
        id uuid primary key,
        customer_id uuid not null,
        idempotency_key text not null,
        body_hash text not null,
        status text not null default 'new' check (status in ('new', 'pending', 'paid', 'rejected', 'refunded')),
        reason text,
        requested jsonb not null,
        expected_total_cents bigint,
        lines jsonb not null default '[]',
        total_cents bigint not null default 0 check (total_cents >= 0),
        refunded_cents bigint not null default 0 check (refunded_cents between 0 and total_cents),
        currency text not null default 'EUR',
        short_product_ids uuid[],
        payment jsonb not null,
        shipping_address jsonb,
        cart_version text,
        created_at timestamptz not null default now(),
        sweeps integer not null default 0,
        next_sweep_at timestamptz,
        unique (customer_id, idempotency_key),
        check ((status = 'rejected') = (reason is not null)),
        check ((status in ('new', 'pending')) = (next_sweep_at is not null))
      )`);
    await runner.query('create index orders_of_customer on orders (customer_id, id desc)');
    // The index contains only orders under way, so it stays small.
    await runner.query('create index orders_to_sweep on orders (next_sweep_at) where next_sweep_at is not null');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table orders');
  }
}
