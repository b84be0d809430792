// The demo shop (SEED=demo). Runs at start, adds what is missing and changes nothing that exists. The process refuses
// to start on a catalog that was not seeded when it was created, because that is a real shop's.
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
import { productColumns, type ProductEntity } from '../products/product.entity.js';
import { slugOf } from '../products/slugs.js';
import { madeUpProduct, type SeedProduct } from './made-up-products.js';

/** Every column, so that a new one does not compile before it has a value here. */
type ProductRow = Omit<ProductEntity, 'inStock'>;

const columns = productColumns.filter(({ isGenerated }) => !isGenerated);
const columnNames = columns.map(({ name }) => name).join(', ');

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
    const categoryIds = await this.addCategories(categories);
    const written: SeedProduct[] = categories.flatMap(({ slug, products }) =>
      products.map((product) => ({ ...product, category: slug })),
    );
    const productAt = (i: number) => {
      const product = written[i] ?? madeUpProduct(i - written.length);
      return toRow(product, i, written.length, categoryIds.get(product.category)!);
    };
    if (wanted === 0 || (await this.has(productAt(wanted - 1).id))) return;

    for (let from = 0; from < wanted; from += BATCH) {
      const size = Math.min(BATCH, wanted - from);
      await this.addProducts(Array.from({ length: size }, (_, i) => productAt(from + i)));
      if (wanted > BATCH) this.log.info({ products: from + size, wanted }, 'Seeding');
    }
    // After so many rows at once the planner needs new statistics, and index-only scans a visibility map.
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

  /** The ids of all categories, by slug. */
  private async addCategories(categories: { slug: string; name: string }[]): Promise<Map<string, string>> {
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
    const all = await sql<{ id: string; slug: string }>(this.db, 'select id, slug from categories');
    return new Map(all.map(({ id, slug }) => [slug, id]));
  }

  /** One parameter of JSON, however many rows there are. */
  private async addProducts(products: ProductRow[]): Promise<void> {
    const rows = products.map((product) =>
      Object.fromEntries(columns.map(({ name, property }) => [name, product[property as keyof ProductRow]])),
    );
    await sql(
      this.db,
      `insert into products (${columnNames}) select ${columnNames} from jsonb_populate_recordset(null::products, $1)
       on conflict do nothing`,
      [JSON.stringify(rows)],
    );
  }
}

/** The written products are the newest, with categories mixed; the made-up ones follow, a minute apart. */
function toRow(product: SeedProduct, index: number, written: number, categoryId: string): ProductRow {
  const slug = slugOf(product.name);
  const minutesAgo = index < written ? digest(slug).readUInt16BE() % (written * 60) : written * 60 + index;
  const createdAt = new Date(NEWEST_AT - minutesAgo * MINUTE_MS);
  return {
    id: steadyId(slug, createdAt.getTime()),
    slug,
    name: product.name,
    description: product.description,
    categoryId,
    priceCents: product.priceCents,
    stock: product.stock,
    featured: product.featured ?? false,
    hidden: false,
    tags: product.tags,
    imageTags: [],
    version: 1,
    createdAt,
    updatedAt: createdAt,
  };
}

/** A UUIDv7 of that time that is the same on every machine. */
function steadyId(slug: string, msecs: number): string {
  return uuidv7({ msecs, seq: 0, random: digest(slug) });
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
