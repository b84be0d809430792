// Pictures for the demo shop, behind its back: the image worker draws one for each written product that has none, and
// uploads it like anybody would; the made-up products share them.
import { Inject, Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { imageWorkerJobs } from '@shop/contracts/images';
import { sql } from '@shop/kit/database';
import { Log } from '@shop/kit/log';
import { Queues } from '@shop/kit/queue';
import { repeat } from '@shop/kit/repeat';
import { DataSource } from 'typeorm';
import { catalogConfig, type CatalogConfig } from './catalog.config.js';
import { slugOf } from './slugs.js';

/** Between looks; and between asking again for what was lost with a queue. */
const LOOK_SECONDS = 1;
const ASK_AGAIN_MS = 30_000;

/** After what staff upload, before what is only processed again. */
const PRIORITY = 50;

/** Products that get their images in one statement, which keeps orders of them waiting for so long. */
const BATCH = 1000;

@Injectable()
export class SeedPictures implements OnApplicationBootstrap, OnModuleDestroy {
  private askedAt = -Infinity;
  private stop: () => Promise<void> = () => Promise.resolve();

  constructor(
    @Inject(catalogConfig.token) private readonly config: CatalogConfig,
    @InjectDataSource('catalog') private readonly dataSource: DataSource,
    private readonly queues: Queues,
    private readonly log: Log,
  ) {}

  onApplicationBootstrap(): void {
    if (this.config.SEED !== 'demo' || this.config.SEED_PICTURES === 'off') return;
    this.stop = repeat({ name: 'seed pictures', seconds: LOOK_SECONDS, log: this.log }, () => this.look());
  }

  onModuleDestroy(): Promise<void> {
    return this.stop();
  }

  private async look(): Promise<boolean> {
    const { default: categories } = await import('./seed-products.json', { with: { type: 'json' } });
    const written = categories.flatMap(({ products }) => products.map(({ name }) => slugOf(name)));
    const missing = await this.withoutPicture(written);
    if (missing.length > 0) {
      if (performance.now() - this.askedAt > ASK_AGAIN_MS) await this.ask(missing);
      return false;
    }
    if (await this.areBeingProcessed(written)) return false;
    const shared = await this.share(written);
    if (shared > 0) this.log.info({ products: shared }, 'Seeding pictures');
    else void this.stop(); // Not awaited: it waits for this round.
    return shared > 0;
  }

  private withoutPicture(slugs: string[]) {
    return sql<{ productId: string; name: string; category: string; tags: string[] }>(
      this.dataSource,
      `select p.id as "productId", p.name, c.slug as category, p.tags
       from unnest($1::text[]) with ordinality as wanted (slug, n)
       join products p on p.slug = wanted.slug join categories c on c.id = p.category_id
       where not exists (select from images where product_id = p.id)
       order by p.created_at desc`,
      [slugs],
    );
  }

  private async ask(products: Awaited<ReturnType<SeedPictures['withoutPicture']>>): Promise<void> {
    const options = (id: string) => ({ id, priority: PRIORITY });
    await Promise.all(
      products.map((product) => this.queues.add(imageWorkerJobs.drawPicture, product, options(product.productId))),
    );
    this.askedAt = performance.now();
  }

  private async areBeingProcessed(slugs: string[]): Promise<boolean> {
    const unfinished = await sql(
      this.dataSource,
      `select from pictures pic join images i on i.picture = pic.hash join products p on p.id = i.product_id
       where p.slug = any($1::text[]) and pic.status in ('waiting', 'working') limit 1`,
      [slugs],
    );
    return unfinished.length > 0;
  }

  /**
   * Made-up products are older than every written one. Each gets the picture of a written product of its category; what
   * the caches hold of it is a second old at most. Answers how many.
   */
  private async share(slugs: string[]): Promise<number> {
    const rows = await sql(
      this.dataSource,
      `with written as (
         select p.category_id, p.created_at, i.picture, pic.shown
         from products p join images i on i.product_id = p.id join pictures pic on pic.hash = i.picture
         where p.slug = any($1::text[]) and pic.shown is not null
       ), offered as (
         select category_id, array_agg(picture order by picture) as pictures from written group by category_id
       ), lacking as (
         select p.id, offered.pictures[1 + abs(hashtext(p.slug)) % cardinality(offered.pictures)] as picture
         from products p join offered using (category_id)
         where p.created_at < (select min(created_at) from written)
           and not exists (select from images where product_id = p.id)
         order by p.id limit $2 for no key update of p skip locked
       ), given as (
         insert into images (id, product_id, picture, position)
         select gen_random_uuid(), id, picture, 0 from lacking on conflict do nothing
         returning product_id, picture
       )
       update products p set picture_tags = array(select jsonb_array_elements_text(pic.shown->'tag'->'tags') order by 1)
       from given join pictures pic on pic.hash = given.picture
       where p.id = given.product_id
       returning p.id`,
      [slugs, BATCH],
    );
    return rows.length;
  }
}
