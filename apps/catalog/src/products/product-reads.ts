// Reads by shoppers: from the memory of this process, then Redis (single products only), then Postgres.
import { Inject, Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import type { catalogRpc } from '@shop/contracts/catalog';
import type { StaffProductPage } from '@shop/contracts/products';
import type { InputOf } from '@shop/contracts/rpc';
import { counter } from '@shop/kit/metrics';
import { AppError } from '@shop/rpc/errors';
import { SerializedJson } from '@shop/rpc/serialized-json';
import { DataSource } from 'typeorm';
import { catalogConfig, type CatalogConfig } from '../catalog.config.js';
import { Browsing } from './browsing.js';
import { CategoryCounts } from './category-counts.js';
import { withOwnMemory } from './copy-buffer.js';
import { findProduct } from './find-product.js';
import { pageName, type ListQuery } from './list-filters.js';
import { toProduct, toStaffSummary, toSummary } from './product-json.js';
import { productRef } from './product-key.js';
import { readPage } from './product-list.js';
import { ReadThrough, type Answer } from './read-through.js';
import { SharedCache } from './shared-cache.js';

const MAX_PRODUCT_BYTES = 32 * 1024 * 1024;
const MAX_LIST_BYTES = 16 * 1024 * 1024;

const reads = counter('catalog_reads_total', 'Reads of products and lists by the layer that answered', [
  'what',
  'layer',
]);
const MISSING = Symbol('missing');

@Injectable()
export class ProductReads {
  private readonly products: ReadThrough<SerializedJson | typeof MISSING>;
  private readonly lists: ReadThrough<SerializedJson>;

  constructor(
    @Inject(catalogConfig.token) private readonly config: CatalogConfig,
    @InjectDataSource('catalog') private readonly db: DataSource,
    private readonly shared: SharedCache,
    private readonly browsing: Browsing,
    private readonly counts: CategoryCounts,
  ) {
    const hearsOfChanges = () => shared.hearsOfChanges;
    this.products = new ReadThrough({
      maxBytes: MAX_PRODUCT_BYTES,
      bytesOf: (value) => 200 + (value === MISSING ? 0 : value.body.length),
      hearsOfChanges,
    });
    this.lists = new ReadThrough({
      maxBytes: MAX_LIST_BYTES,
      bytesOf: (value, key) => 200 + key.length + value.body.length,
      hearsOfChanges,
    });
    shared.listen((keys) => {
      if (keys === 'all') this.products.forgetAll();
      else for (const key of keys) this.products.forget(key);
      this.lists.forgetAll();
    });
  }

  async product(key: string): Promise<SerializedJson> {
    const kept = this.products.get(key);
    if (kept !== undefined) productHits.inc();
    const value = kept ?? (await this.products.read(key, () => this.loadProduct(key)));
    if (value instanceof SerializedJson) return value;
    throw new AppError('not_found', 'There is no such product');
  }

  list(query: ListQuery): Promise<SerializedJson> {
    return this.cachedList(pageName(query), () => readPage(this.db, query, this.config.MEDIA_URL, toSummary));
  }

  /** Never cached. Includes hidden products unless the query filters by them. */
  staffList(query: InputOf<typeof catalogRpc.listStaffProducts>): Promise<StaffProductPage> {
    const page = { ...query, hidden: query.hidden ?? ('any' as const) };
    return this.browsing.list(() => readPage(this.db, page, this.config.MEDIA_URL, toStaffSummary));
  }

  categories(): Promise<SerializedJson> {
    return this.cachedList('categories', () => this.counts.list());
  }

  private async cachedList(name: string, load: () => Promise<unknown>): Promise<SerializedJson> {
    const kept = this.lists.get(name);
    if (kept !== undefined) listHits.inc();
    return kept ?? (await this.lists.read(name, () => this.loadList(load)));
  }

  private async loadList(load: () => Promise<unknown>): Promise<Answer<SerializedJson>> {
    const startedAt = performance.now();
    reads.inc({ what: 'list', layer: 'postgres' });
    const value = withOwnMemory(SerializedJson.of(await this.browsing.list(load)));
    return { value, freshMs: this.freshFor(startedAt) };
  }

  private async loadProduct(key: string): Promise<Answer<SerializedJson | typeof MISSING>> {
    const ref = productRef(key);
    if (!ref) return { value: MISSING, freshMs: this.config.CATALOG_FRESH_MS };
    const shared = await this.shared.get(ref.value);
    if (shared.found) {
      reads.inc({ what: 'product', layer: 'redis' });
      return { value: shared.found, freshMs: shared.ttlMs };
    }
    const startedAt = performance.now();
    reads.inc({ what: 'product', layer: 'postgres' });
    const row = await this.browsing.product(() => findProduct(this.db, ref));
    const freshMs = this.freshFor(startedAt);
    if (!row || row.hidden) return { value: MISSING, freshMs };
    const value = withOwnMemory(SerializedJson.of(toProduct(row, this.config.MEDIA_URL)));
    shared.put(value, freshMs);
    return { value, freshMs };
  }

  /**
   * How long an answer is fresh in all layers together, from when Postgres was asked. Changes by staff are announced to
   * all replicas at once; this bounds the staleness when that fails, and the delay until sales show in `stock`. An
   * answer that was slow to read stays fresh for as long as the read took, so that reading it again cannot occupy a
   * connection all the time.
   */
  private freshFor(startedAt: number): number {
    const took = performance.now() - startedAt;
    return Math.max(1, Math.floor(Math.max(this.config.CATALOG_FRESH_MS - took, took)));
  }
}

const productHits = reads.labels({ what: 'product', layer: 'process' });
const listHits = reads.labels({ what: 'list', layer: 'process' });
