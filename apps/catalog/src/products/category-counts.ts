// How many products shoppers see in each category. Triggers of `products` add to the counts
// (migrations/count-products.ts); this reads them and keeps their rows few. Runs on every replica.
import { Inject, Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import type { CategoryList } from '@shop/contracts/products';
import { sql } from '@shop/kit/database';
import { Log } from '@shop/kit/log';
import { repeat } from '@shop/kit/repeat';
import { DataSource } from 'typeorm';
import { catalogConfig, type CatalogConfig } from '../catalog.config.js';

/** The maximum number of rows that one fold replaces. */
const BATCH = 100_000;

@Injectable()
export class CategoryCounts implements OnApplicationBootstrap, OnModuleDestroy {
  private stop = () => Promise.resolve();

  constructor(
    @Inject(catalogConfig.token) private readonly config: CatalogConfig,
    @InjectDataSource('catalog') private readonly db: DataSource,
    private readonly log: Log,
  ) {}

  onApplicationBootstrap(): void {
    const every = { name: 'fold of counts', seconds: this.config.CATALOG_SWEEP_SECONDS, log: this.log };
    this.stop = repeat(every, () => this.fold());
  }

  onModuleDestroy(): Promise<void> {
    return this.stop();
  }

  async list(): Promise<CategoryList> {
    const items = await sql<CategoryList['items'][number]>(
      this.db,
      `select c.slug, c.name, coalesce(sum(n.products), 0)::integer as products
       from categories c left join category_counts n on n.category_id = c.id
       group by c.id order by c.name`,
    );
    return { items };
  }

  /**
   * Replaces the rows of a category with their sum. Safe beside writers and other folds: a locked row is skipped, and
   * readers see either the rows or their sum. True when there is more to do.
   */
  private async fold(): Promise<boolean> {
    const [folded] = await sql<{ rows: number }>(
      this.db,
      `with several as (
         select category_id from category_counts group by category_id having count(*) > 1
       ), gone as (
         delete from category_counts
         where id = any(array(
           select id from category_counts where category_id in (select category_id from several)
           limit $1 for update skip locked))
         returning category_id, products
       ), sums as (
         insert into category_counts (category_id, products)
         select category_id, sum(products) from gone group by category_id having sum(products) <> 0
       )
       select count(*)::integer as rows from gone`,
      [BATCH],
    );
    return folded!.rows === BATCH;
  }
}
