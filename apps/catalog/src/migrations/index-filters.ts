// One index for all filters at once, on the same expression as in ../products/list-filters.ts. It replaces
// products_by_search, products_by_any_tag and products_featured, which the previous release still needs.
import type { MigrationInterface, QueryRunner } from 'typeorm';

export class IndexFilters implements MigrationInterface {
  readonly name = 'IndexFilters1764600000300';
  readonly transaction = false;

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create index concurrently if not exists products_by_filters on products using gin (search, (
        tags || picture_tags || array[
          '#category:' || category_id::text,
          case when featured then '#featured' end,
          case when not in_stock then '#sold-out' end,
          case when hidden then '#hidden' end
        ]
      ))`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop index concurrently if exists products_by_filters');
  }
}
