// Counts the products that existed before the triggers did.
import type { MigrationInterface, QueryRunner } from 'typeorm';

export class CountExistingProducts implements MigrationInterface {
  readonly name = 'CountExistingProducts1764600000401';

  async up(runner: QueryRunner): Promise<void> {
    // One statement sees products and counts in one snapshot, so changes by concurrent writers are counted once, by
    // their triggers. Running it again is safe: it adds only the difference.
    await runner.query(`
      insert into category_counts (category_id, products)
      select category_id, sum(products) from (
        select category_id, count(*) as products from products where not hidden group by category_id
        union all
        select category_id, -sum(products) from category_counts group by category_id
      ) as missing
      group by category_id having sum(products) <> 0`);
  }

  async down(): Promise<void> {
    // The table is dropped by the migration that created it.
  }
}
