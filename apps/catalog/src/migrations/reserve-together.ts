// Reserving for one order, and for many orders in one statement. See ../stock/reserve-together.ts.
import type { MigrationInterface, QueryRunner } from 'typeorm';

export class ReserveTogether implements MigrationInterface {
  readonly name = 'ReserveTogether1763800000002';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create function reserve(
        the_order uuid, ids uuid[], quantities integer[], expected_cents bigint, hold_seconds float8
      ) returns jsonb
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
        insert into reservations (order_id, status, lines, total_cents, expires_at)
        values (the_order, 'held', answer->'lines', (answer->'totalCents')::bigint, now() + make_interval(secs => hold_seconds));
        return answer || jsonb_build_object('outcome', 'reserved');
      end $$`);
    // For the previous version, which may run beside this one.
    await runner.query(`
      create or replace function reserve(the_order uuid, ids uuid[], quantities integer[], expected_cents bigint)
      returns jsonb language sql as $$ select reserve(the_order, ids, quantities, expected_cents, 1800) $$`);

    // Answers what reserve() would answer each order if they came one after the other, in the order they are given.
    // Line i asks for quantities[i] of ids[i] and belongs to the order at position line_orders[i]. Locks are taken like
    // everywhere: those of orders first, then products; each kind in one order, so no two calls can deadlock. From then
    // on nothing moves: stock is counted in `taken`, and written once per product at the end.
    await runner.query(`
      create function reserve_together(
        the_orders uuid[], expected_cents bigint[], line_orders integer[], ids uuid[], quantities integer[],
        hold_seconds float8
      ) returns setof jsonb language plpgsql as $$
      declare
        kept jsonb[];
        taken integer[] := array_fill(0, array[cardinality(ids)]);
        reserved integer[];
        asked record;
        answer jsonb;
        short uuid[];
        home integer;
      begin
        perform pg_advisory_xact_lock(key) from (
          select distinct hashtextextended('reservation ' || the_order, 0) as key
          from unnest(the_orders) the_order order by key
        ) as keys;
        select array_agg(
          case
            when r.status = 'released' then jsonb_build_object('outcome', 'released')
            when r.status is not null
            then jsonb_build_object('outcome', 'reserved', 'lines', r.lines, 'totalCents', r.total_cents)
          end order by at)
        into kept
        from unnest(the_orders) with ordinality as o (id, at) left join reservations r on r.order_id = o.id;

        for asked in
          with locked as (
            select id, slug, name, price_cents, stock from products
            where id = any(ids) and not hidden
            order by id for no key update
          ), line as (
            select *, dense_rank() over (order by id) as spot
            from unnest(line_orders, ids, quantities) with ordinality as line (order_at, id, quantity, at)
          )
          select
            order_at,
            array_agg(line.id order by at) as ids,
            array_agg(quantity order by at) as quantities,
            array_agg(spot order by at) as spots,
            array_agg(p.stock order by at) as stocks,
            array_agg(line.id order by at) filter (where p.id is null) as unknown,
            jsonb_build_object(
              'lines', jsonb_agg(jsonb_build_object(
                'productId', p.id, 'slug', p.slug, 'name', p.name, 'quantity', quantity,
                'priceCents', p.price_cents, 'lineTotalCents', quantity * p.price_cents::bigint) order by at),
              'totalCents', sum(quantity * p.price_cents::bigint)) as priced
          from line left join locked p on p.id = line.id
          group by order_at order by order_at
        loop
          home := array_position(the_orders, the_orders[asked.order_at]);
          short := null;
          if kept[home] is not null then
            answer := kept[home];
          elsif asked.unknown is not null then
            answer := jsonb_build_object('outcome', 'unknown_product', 'productIds', asked.unknown);
          else
            for i in 1 .. cardinality(asked.ids) loop
              if asked.stocks[i] - taken[asked.spots[i]] < asked.quantities[i] then
                short := short || asked.ids[i];
              end if;
            end loop;
            if short is not null then
              answer := asked.priced || jsonb_build_object('outcome', 'out_of_stock', 'productIds', short);
            elsif (asked.priced->'totalCents')::bigint <> expected_cents[asked.order_at] then
              answer := asked.priced || jsonb_build_object('outcome', 'price_changed');
            else
              answer := asked.priced || jsonb_build_object('outcome', 'reserved');
              kept[home] := answer;
              kept[asked.order_at] := answer;
              reserved := reserved || asked.order_at;
              for i in 1 .. cardinality(asked.ids) loop
                taken[asked.spots[i]] := taken[asked.spots[i]] + asked.quantities[i];
              end loop;
            end if;
          end if;
          return next answer;
        end loop;

        if reserved is null then
          return;
        end if;
        update products p set stock = p.stock - sold.quantity
        from (
          select id, sum(quantity)::integer as quantity
          from unnest(line_orders, ids, quantities) as line (order_at, id, quantity)
          where order_at = any(reserved)
          group by id
        ) as sold
        where p.id = sold.id;
        insert into reservations (order_id, status, lines, total_cents, expires_at)
        select o.id, 'held', o.answer->'lines', (o.answer->'totalCents')::bigint, now() + make_interval(secs => hold_seconds)
        from unnest(the_orders, kept) with ordinality as o (id, answer, at)
        where at = any(reserved);
      end $$`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`drop function reserve_together, reserve(uuid, uuid[], integer[], bigint, float8),
      reserve(uuid, uuid[], integer[], bigint)`);
  }
}
