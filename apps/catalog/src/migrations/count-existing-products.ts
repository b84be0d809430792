// Adds to the counts what was there before they were kept.
import type { MigrationInterface, QueryRunner } from 'typeorm';

export class CountExistingProducts implements MigrationInterface {
  readonly name = 'CountExistingProducts1764600000401';

  async up(runner: QueryRunner): Promise<void> {
    // One statement sees products and counts at the same instant, so that what writers change meanwhile is counted once,
    // by their triggers. It may be run again: it adds what is missing, which then is nothing.
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
    // Goes with the table.
  }
}
