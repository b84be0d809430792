// What is held back for orders. See ../stock/reserve.ts for how it is asked.
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

    // Everything that is done to one order's reservation is done under that order's lock, so that two at once answer as
    // if one had come after the other. Product rows are locked in the order of their ids: no two orders can deadlock.
    await runner.query(`
      create function lock_order(the_order uuid) returns void language sql as $$
        select pg_advisory_xact_lock(hashtextextended('reservation ' || the_order, 0))
      $$`);

    await runner.query(`
      create function reserve(the_order uuid, ids uuid[], quantities integer[], expected_cents bigint) returns jsonb
      language plpgsql as $$
      declare
        kept reservations;
        unknown uuid[];
        short uuid[];
        answer jsonb;
      begin
        perform lock_order(the_order);
        select * into kept from reservations where order_id = the_order;
        if kept.status = 'released' then
          return jsonb_build_object('outcome', 'released');
        elsif found then
          return jsonb_build_object('outcome', 'reserved', 'lines', kept.lines, 'totalCents', kept.total_cents);
        end if;

        with locked as (
          select id, slug, name, price_cents, stock from products
          where id = any(ids) and not hidden
          order by id for no key update
        )
        select
          array_agg(asked.id order by at) filter (where p.id is null),
          array_agg(asked.id order by at) filter (where p.stock < quantity),
          jsonb_build_object(
            'lines', jsonb_agg(jsonb_build_object(
              'productId', p.id, 'slug', p.slug, 'name', p.name, 'quantity', quantity,
              'priceCents', p.price_cents, 'lineTotalCents', quantity * p.price_cents::bigint) order by at),
            'totalCents', sum(quantity * p.price_cents::bigint))
        into unknown, short, answer
        from unnest(ids, quantities) with ordinality as asked (id, quantity, at)
        left join locked p on p.id = asked.id;

        if unknown is not null then
          return jsonb_build_object('outcome', 'unknown_product', 'productIds', unknown);
        elsif short is not null then
          return answer || jsonb_build_object('outcome', 'out_of_stock', 'productIds', short);
        elsif (answer->'totalCents')::bigint <> expected_cents then
          return answer || jsonb_build_object('outcome', 'price_changed');
        end if;

        update products p set stock = p.stock - asked.quantity
        from unnest(ids, quantities) as asked (id, quantity)
        where p.id = asked.id;
        insert into reservations (order_id, status, lines, total_cents)
        values (the_order, 'held', answer->'lines', (answer->'totalCents')::bigint);
        return answer || jsonb_build_object('outcome', 'reserved');
      end $$`);

    // True when the reservation is confirmed, by this call or by an earlier one.
    await runner.query(`
      create function confirm_reservation(the_order uuid) returns boolean language plpgsql as $$
      begin
        perform lock_order(the_order);
        update reservations set status = 'confirmed', settled_at = now() where order_id = the_order and status = 'held';
        return found or exists (select from reservations where order_id = the_order and status = 'confirmed');
      end $$`);

    // True when the reservation is released, by this call or by an earlier one. An order that never reserved leaves a
    // released row behind as well, so that a reserve that comes late holds nothing.
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
    await runner.query(`drop function release_reservation, confirm_reservation, reserve, lock_order`);
    await runner.query('drop table reservations');
  }
}
