// Stock held for orders. ../stock/reserve.ts calls these functions; reserve() itself follows in reserve-together.ts.
import type { MigrationInterface, QueryRunner } from 'typeorm';

export class CreateReservations implements MigrationInterface {
  readonly name = 'CreateReservations1763800000001';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table reservations (
        order_id uuid primary key,
        status text not null check (status in ('held', 'confirmed', 'released')),
        lines jsonb not null,
        total_cents bigint not null,
        created_at timestamptz not null default now(),
        expires_at timestamptz not null default now() + interval '30 minutes',
        settled_at timestamptz
      )`);
    await runner.query(`create index reservations_expiring on reservations (expires_at) where status = 'held'`);

    // Every change of a reservation takes the lock of its order, so concurrent calls are serialized. Product rows are
    // locked in the order of their ids, so no two orders can deadlock.
    await runner.query(`
      create function lock_order(the_order uuid) returns void language sql as $$
        select pg_advisory_xact_lock(hashtextextended('reservation ' || the_order, 0))
      $$`);

    // True when the reservation is confirmed, by this call or by an earlier one.
    await runner.query(`
      create function confirm_reservation(the_order uuid) returns boolean language plpgsql as $$
      begin
        perform lock_order(the_order);
        update reservations set status = 'confirmed', settled_at = now() where order_id = the_order and status = 'held';
        return found or exists (select from reservations where order_id = the_order and status = 'confirmed');
      end $$`);

    // True when the reservation is released, by this call or by an earlier one. An order that never reserved gets a
    // released row as well, so that a late reserve holds nothing.
    await runner.query(`
      create function release_reservation(the_order uuid) returns boolean language plpgsql as $$
      declare
        kept reservations;
      begin
        perform lock_order(the_order);
        select * into kept from reservations where order_id = the_order;
        if not found then
          insert into reservations (order_id, status, lines, total_cents, settled_at)
          values (the_order, 'released', '[]', 0, now());
        elsif kept.status = 'held' then
          perform from products
          where id in (select (line->>'productId')::uuid from jsonb_array_elements(kept.lines) as line)
          order by id for no key update;
          update products p set stock = p.stock + line.quantity
          from jsonb_to_recordset(kept.lines) as line ("productId" uuid, quantity integer)
          where p.id = line."productId";
          update reservations set status = 'released', settled_at = now() where order_id = the_order;
        end if;
        return kept.status is distinct from 'confirmed';
      end $$`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`drop function release_reservation, confirm_reservation, lock_order`);
    await runner.query('drop table reservations');
  }
}
