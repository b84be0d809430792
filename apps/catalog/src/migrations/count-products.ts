// The number of products that shoppers see in each category, maintained by triggers.
import type { MigrationInterface, QueryRunner } from 'typeorm';

export class CountProducts implements MigrationInterface {
  readonly name = 'CountProducts1764600000400';

  async up(runner: QueryRunner): Promise<void> {
    // A count is the sum of its rows. Writers only insert rows, so that none waits for another's transaction;
    // ../products/category-counts.ts keeps them few.
    await runner.query(`
      create table category_counts (
        id bigint generated always as identity primary key,
        category_id uuid not null,
        products integer not null
      )`);

    await runner.query(`
      create function count_added_products() returns trigger language plpgsql as $$
      begin
        insert into category_counts (category_id, products)
        select category_id, count(*) from added where not hidden group by category_id;
        return null;
      end $$`);
    await runner.query(`
      create trigger count_added after insert on products
      referencing new table as added for each statement execute function count_added_products()`);

    await runner.query(`
      create function count_removed_products() returns trigger language plpgsql as $$
      begin
        insert into category_counts (category_id, products)
        select category_id, -count(*) from removed where not hidden group by category_id;
        return null;
      end $$`);
    await runner.query(`
      create trigger count_removed after delete on products
      referencing old table as removed for each statement execute function count_removed_products()`);

    // Per row, unlike the others: Postgres allows no transition tables with a list of columns, and without that list
    // every sale would fire it.
    await runner.query(`
      create function count_changed_product() returns trigger language plpgsql as $$
      begin
        insert into category_counts (category_id, products)
        select category_id, products
        from (values (old.category_id, -(not old.hidden)::integer), (new.category_id, (not new.hidden)::integer))
          as change (category_id, products)
        where products <> 0;
        return null;
      end $$`);
    await runner.query(`
      create trigger count_changed after update of category_id, hidden on products for each row
      when (old.category_id <> new.category_id or old.hidden <> new.hidden)
      execute function count_changed_product()`);

    await runner.query(`
      create function count_no_products() returns trigger language plpgsql as $$
      begin
        truncate category_counts;
        return null;
      end $$`);
    await runner.query(`
      create trigger count_truncated after truncate on products
      for each statement execute function count_no_products()`);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const name of ['added', 'removed', 'changed', 'truncated'])
      await runner.query(`drop trigger count_${name} on products`);
    await runner.query(
      'drop function count_added_products, count_removed_products, count_changed_product, count_no_products',
    );
    await runner.query('drop table category_counts');
  }
}
