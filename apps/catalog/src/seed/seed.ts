// A shop to look at. Runs at start when asked for, adds what is missing and changes nothing that is there. A catalog that was
// not seeded from its beginning is a real shop's: the process does not start.
import { createHash } from 'node:crypto';
import { Inject, Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { BootError } from '@shop/kit/boot-check';
import { sql } from '@shop/kit/database';
import { withLock } from '@shop/kit/database-lock';
import { Log } from '@shop/kit/log';
import { DataSource } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { catalogConfig, type CatalogConfig } from '../catalog.config.js';
import { madeUpProduct, type SeedProduct } from './made-up-products.js';
import { slugOf } from '../products/slugs.js';

type Kept = SeedProduct & { slug: string; id: string; createdAt: Date };

const BATCH = 5000;
const MINUTE_MS = 60_000;
const NEWEST_AT = Date.UTC(2026, 0, 15, 9);

@Injectable()
export class Seed implements OnApplicationBootstrap {
  constructor(
    @Inject(catalogConfig.token) private readonly config: CatalogConfig,
    @InjectDataSource('catalog') private readonly db: DataSource,
    private readonly log: Log,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    if (this.config.SEED === 'demo') await withLock(this.db, 'seed', () => this.run(this.config.SEED_PRODUCTS));
  }

  private async run(wanted: number): Promise<void> {
    const { default: categories } = await import('./products.json', { with: { type: 'json' } });
    await this.refuseRealShop(categories);
    await this.addCategories(categories);
    const written = categories.flatMap(({ slug, products }) =>
      products.map((product) => ({ featured: false, ...product, category: slug })),
    );
    const productAt = (i: number) => kept(written[i] ?? madeUpProduct(i - written.length), i, written.length);
    if (wanted === 0 || (await this.has(productAt(wanted - 1).id))) return;

    for (let from = 0; from < wanted; from += BATCH) {
      const size = Math.min(BATCH, wanted - from);
      await this.addProducts(Array.from({ length: size }, (_, i) => productAt(from + i)));
      if (wanted > BATCH) this.log.info({ products: from + size, wanted }, 'Seeding');
    }
    // After so much at once the planner needs new statistics, and index-only scans a visibility map.
    if (wanted > BATCH) await this.db.query('vacuum (analyze) products');
  }

  private async has(id: string): Promise<boolean> {
    return (await sql(this.db, 'select from products where id = $1', [id])).length > 0;
  }

  private async refuseRealShop(categories: { slug: string }[]): Promise<void> {
    const [found] = await sql<{ real: boolean }>(
      this.db,
      `select exists (select from categories) and not exists (select from categories where id = any($1)) as real`,
      [categories.map(({ slug }) => steadyId(slug, NEWEST_AT))],
    );
    if (found!.real)
      throw new BootError(
        'SEED=demo is refused: this catalog database has categories and was never a demo. Set SEED=none.',
      );
  }

  private async addCategories(categories: { slug: string; name: string }[]): Promise<void> {
    await sql(
      this.db,
      `insert into categories (id, slug, name) select * from unnest($1::uuid[], $2::text[], $3::text[])
       on conflict (slug) do nothing`,
      [
        categories.map(({ slug }) => steadyId(slug, NEWEST_AT)),
        categories.map(({ slug }) => slug),
        categories.map(({ name }) => name),
      ],
    );
  }

  /** One parameter of JSON: its size does not matter, and rows keep their columns together. */
  private async addProducts(products: Kept[]): Promise<void> {
    await sql(
      this.db,
      `insert into products
         (id, slug, name, description, category_id, price_cents, stock, featured, tags, created_at, updated_at)
       select p.id, p.slug, p.name, p.description, c.id, p."priceCents", p.stock, p.featured, p.tags,
         p."createdAt", p."createdAt"
       from jsonb_to_recordset($1::jsonb) as p (id uuid, slug text, name text, description text, category text,
         "priceCents" integer, stock integer, featured boolean, tags text[], "createdAt" timestamptz)
       join categories c on c.slug = p.category
       on conflict do nothing`,
      [JSON.stringify(products)],
    );
  }
}

/** The written ones are the newest, categories mixed; the made-up ones follow, a minute apart. */
function kept(product: SeedProduct, index: number, written: number): Kept {
  const slug = slugOf(product.name);
  const minutesAgo = index < written ? digest(slug).readUInt16BE() % (written * 60) : written * 60 + index;
  const createdAt = new Date(NEWEST_AT - minutesAgo * MINUTE_MS);
  return { ...product, slug, id: steadyId(slug, createdAt.getTime()), createdAt };
}

/** A UUIDv7 of that time that is the same on every machine. */
function steadyId(slug: string, msecs: number): string {
  return uuidv7({ msecs, seq: 0, random: digest(slug) });
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
