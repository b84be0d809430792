// Pictures for the demo shop, behind its back: the image worker draws one for each written product that has none, and
// uploads it like anybody would; the made-up products share them.
import { Inject, Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { imageWorkerJobs } from '@shop/contracts/images';
import { inTransaction, sql } from '@shop/kit/database';
import { Log } from '@shop/kit/log';
import { Queues } from '@shop/kit/queue';
import { repeat } from '@shop/kit/repeat';
import { DataSource } from 'typeorm';
import { catalogConfig, type CatalogConfig } from '../catalog.config.js';
import { slugOf } from '../products/slugs.js';

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
    const { default: categories } = await import('./products.json', { with: { type: 'json' } });
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
  private share(slugs: string[]): Promise<number> {
    return inTransaction(this.dataSource, async (sql) => {
      // Locked like adding an image locks them, first pictures, then products, so that none is removed meanwhile.
      const offered = await sql<{ hash: string }>(
        `select hash from pictures
         where shown is not null and hash in (
           select i.picture from images i join products p on p.id = i.product_id where p.slug = any($1::text[]))
         order by hash for update`,
        [slugs],
      );
      const hashes = offered.map(({ hash }) => hash);
      const lacking = await sql<{ id: string }>(
        `select p.id from products p
         where p.created_at < (select min(created_at) from products where slug = any($1::text[]))
           and p.category_id in (
             select w.category_id from products w join images i on i.product_id = w.id
             where w.slug = any($1::text[]) and i.picture = any($2::text[]))
           and not exists (select from images where product_id = p.id)
         order by p.id limit $3 for no key update of p skip locked`,
        [slugs, hashes, BATCH],
      );
      const given = await sql(
        `with offered as (
           select p.category_id, array_agg(distinct i.picture order by i.picture) as pictures
           from images i join products p on p.id = i.product_id
           where i.picture = any($1::text[]) and p.slug = any($2::text[])
           group by p.category_id
         ), given as (
           insert into images (id, product_id, picture, position)
           select gen_random_uuid(), p.id, pictures[1 + abs(hashtext(p.slug)) % cardinality(pictures)], 0
           from products p join offered using (category_id)
           where p.id = any($3::uuid[]) and not exists (select from images where product_id = p.id)
           returning product_id, picture
         )
         update products p
         set picture_tags = array(select jsonb_array_elements_text(pic.shown->'tag'->'tags') order by 1)
         from given join pictures pic on pic.hash = given.picture
         where p.id = given.product_id
         returning p.id`,
        [hashes, slugs, lacking.map(({ id }) => id)],
      );
      await sql(
        `update pictures set unshown_at = null
         where hash = any($1::text[]) and unshown_at is not null and exists (select from images where picture = hash)`,
        [hashes],
      );
      return given.length;
    });
  }
}
