// Reads and edits by staff, and prices for carts.
import { Inject, Injectable } from '@nestjs/common';
import { InjectDataSource, InjectRepository } from '@nestjs/typeorm';
import type { PricedProduct } from '@shop/contracts/catalog';
import type { Category, NewCategory, NewProduct, Product, ProductPatch } from '@shop/contracts/products';
import type { StaffProduct } from '@shop/contracts/products';
import { sql } from '@shop/kit/database';
import { AppError, invalidRequest } from '@shop/rpc/errors';
import { DataSource, Repository } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { catalogConfig, type CatalogConfig } from '../catalog.config.js';
import { CategoryEntity } from './category.entity.js';
import { findProduct } from './find-product.js';
import { toProduct, toStaffProduct, type DetailRow } from './product-json.js';
import { productRef, type ProductRef } from './product-key.js';
import { ProductEntity } from './product.entity.js';
import { SharedCache } from './shared-cache.js';
import { slugsFor } from './slugs.js';

const MAX_STOCK = 1_000_000;

@Injectable()
export class ProductsService {
  constructor(
    @Inject(catalogConfig.token) private readonly config: CatalogConfig,
    @InjectDataSource('catalog') private readonly db: DataSource,
    @InjectRepository(CategoryEntity, 'catalog') private readonly categories: Repository<CategoryEntity>,
    @InjectRepository(ProductEntity, 'catalog') private readonly products: Repository<ProductEntity>,
    private readonly cache: SharedCache,
  ) {}

  /** Throws slug_taken. */
  async createCategory({ slug, name }: NewCategory): Promise<Category> {
    const insert = this.categories.createQueryBuilder().insert().values({ id: uuidv7(), slug, name });
    const { raw } = await insert.orIgnore().returning('id').execute();
    if (raw.length === 0) throw new AppError('slug_taken', `There is a category "${slug}" already`);
    await this.cache.invalidate([]);
    return { slug, name, products: 0 };
  }

  /** Throws invalid_request for an unknown category. */
  async create({ category, ...product }: NewProduct): Promise<Product> {
    const id = uuidv7();
    const categoryId = await this.categoryId(category);
    for (const slug of slugsFor(product.name)) {
      const insert = this.products
        .createQueryBuilder()
        .insert()
        .values({ id, slug, categoryId, ...product });
      const { raw } = await insert.orIgnore().returning('id').execute();
      if (raw.length > 0) return this.changed({ column: 'id', value: id });
    }
    throw new AppError('slug_taken');
  }

  /** Throws not_found. */
  async get(key: string): Promise<StaffProduct> {
    const ref = productRef(key);
    if (!ref) throw notFound();
    return toStaffProduct(await this.find(ref), this.config.MEDIA_URL);
  }

  /** Throws not_found, stale_version, and invalid_request for an unknown category or a stock out of range. */
  async update(key: string, version: number, patch: ProductPatch): Promise<Product> {
    const ref = productRef(key);
    if (!ref) throw notFound();
    if (Object.keys(patch).length === 0) throw invalidRequest([{ message: 'must change something' }]);
    const { category, stockDelta, ...fields } = patch;
    const categoryId = category === undefined ? undefined : await this.categoryId(category);
    const update = this.products
      .createQueryBuilder()
      .update()
      .set({
        ...fields,
        ...(categoryId !== undefined && { categoryId }),
        ...(stockDelta !== undefined && { stock: () => 'stock + :stockDelta' }),
      })
      .where({ [ref.column]: ref.value, version });
    if (stockDelta !== undefined)
      update.andWhere('stock + :stockDelta between 0 and :maxStock', { stockDelta, maxStock: MAX_STOCK });
    const { affected } = await update.execute();
    if (affected === 0) await this.explainRefusal(ref, version, stockDelta);
    return this.changed(ref);
  }

  /** Leaves out unknown and hidden products. */
  async price(keys: string[]): Promise<PricedProduct[]> {
    const refs = keys.map(productRef).filter((ref) => ref !== undefined);
    const values = (column: ProductRef['column']) =>
      refs.filter((ref) => ref.column === column).map((ref) => ref.value);
    return sql<PricedProduct>(
      this.db,
      `select id as "productId", slug, name, price_cents as "priceCents", stock from products
       where not hidden and (id = any($1::uuid[]) or slug = any($2::text[]))`,
      [values('id'), values('slug')],
    );
  }

  private async changed(ref: ProductRef): Promise<Product> {
    const row = await this.find(ref);
    await this.cache.invalidate([row.id, row.slug]);
    return toProduct(row, this.config.MEDIA_URL);
  }

  private async find(ref: ProductRef): Promise<DetailRow> {
    const row = await findProduct(this.db, ref);
    if (!row) throw notFound();
    return row;
  }

  private async explainRefusal(ref: ProductRef, version: number, stockDelta: number | undefined): Promise<never> {
    const now = await this.find(ref);
    if (now.version === version && stockDelta !== undefined) {
      const message = `would make the stock ${now.stock + stockDelta}; it must stay between 0 and ${MAX_STOCK}`;
      throw invalidRequest([{ path: ['stockDelta'], message }]);
    }
    throw new AppError('stale_version', `The current version is ${now.version}, not ${version}`);
  }

  private async categoryId(slug: string): Promise<string> {
    const category = await this.categories.findOneBy({ slug });
    if (!category) throw invalidRequest([{ path: ['category'], message: 'is not a category' }]);
    return category.id;
  }
}

function notFound(): AppError {
  return new AppError('not_found', 'There is no such product');
}
