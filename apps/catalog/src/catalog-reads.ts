// What shoppers read: from this process's memory, then from Redis (single products), then from Postgres.
import { Inject, Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import type { catalogRpc } from '@shop/contracts/catalog';
import type { CategoryList, StaffProductPage } from '@shop/contracts/products';
import type { InputOf } from '@shop/contracts/rpc';
import { sql } from '@shop/kit/database';
import { AppError } from '@shop/kit/errors';
import { counter } from '@shop/kit/metrics';
import { ReadyJson } from '@shop/kit/ready-json';
import { LRUCache } from 'lru-cache';
import { DataSource } from 'typeorm';
import { Browsing } from './browsing.js';
import { catalogConfig, type CatalogConfig } from './catalog.config.js';
import { findProduct } from './find-product.js';
import { withOwnMemory } from './own-memory.js';
import { toProduct, toStaffSummary, toSummary } from './product-json.js';
import { productRef } from './product-key.js';
import { pageName, type ListQuery } from './list-filters.js';
import { readPage } from './product-list.js';
import { SharedCache } from './shared-cache.js';

const MAX_PRODUCT_BYTES = 32 * 1024 * 1024;
const MAX_LIST_BYTES = 16 * 1024 * 1024;

const reads = counter('catalog_reads_total', 'Reads of products and lists by the layer that answered', [
  'what',
  'layer',
]);
const MISSING = Symbol('missing');

/** One read per key under way: everybody who asks meanwhile waits for it, and gets its answer also when a change forbids to keep it. */
const cacheOptions = { ttl: 1, ignoreFetchAbort: true };

@Injectable()
export class CatalogReads {
  private readonly products = new LRUCache<string, ReadyJson | typeof MISSING>({
    ...cacheOptions,
    maxSize: MAX_PRODUCT_BYTES,
    sizeCalculation: (value) => 200 + (value === MISSING ? 0 : value.body.length),
    fetchMethod: (key, _stale, { options, signal }) => readAgainIfChanged(signal, () => this.loadProduct(key, options)),
  });

  private readonly lists = new LRUCache<string, ReadyJson, () => Promise<unknown>>({
    ...cacheOptions,
    maxSize: MAX_LIST_BYTES,
    sizeCalculation: (value, key) => 200 + key.length + value.body.length,
    fetchMethod: (_key, _stale, { options, signal, context: load }) =>
      readAgainIfChanged(signal, async () => {
        const startedAt = performance.now();
        reads.inc({ what: 'list', layer: 'postgres' });
        const value = withOwnMemory(ReadyJson.of(await this.browsing.list(load)));
        options.ttl = this.freshFor(startedAt);
        return value;
      }),
  });

  constructor(
    @Inject(catalogConfig.token) private readonly config: CatalogConfig,
    @InjectDataSource('catalog') private readonly dataSource: DataSource,
    private readonly shared: SharedCache,
    private readonly browsing: Browsing,
  ) {
    shared.listen((keys) => {
      if (keys === 'all') this.products.clear();
      else for (const key of keys) this.products.delete(key);
      this.lists.clear();
    });
  }

  async product(key: string): Promise<ReadyJson> {
    const kept = this.products.get(key);
    if (kept !== undefined) productHits.inc();
    const value = kept ?? (await this.products.fetch(key));
    if (value instanceof ReadyJson) return value;
    throw new AppError('not_found', 'There is no such product');
  }

  list(query: ListQuery): Promise<ReadyJson> {
    return this.cachedList(pageName(query), () => readPage(this.dataSource, query, this.config.MEDIA_URL, toSummary));
  }

  /** As it is now: nothing of it is kept. All products, unless the query says otherwise. */
  staffList(query: InputOf<typeof catalogRpc.listStaffProducts>): Promise<StaffProductPage> {
    const page = { ...query, hidden: query.hidden ?? ('any' as const) };
    return this.browsing.list(() => readPage(this.dataSource, page, this.config.MEDIA_URL, toStaffSummary));
  }

  categories(): Promise<ReadyJson> {
    return this.cachedList('categories', async (): Promise<CategoryList> => {
      const items = await sql<CategoryList['items'][number]>(
        this.dataSource,
        `select c.slug, c.name, count(p.id)::integer as products
         from categories c left join products p on p.category_id = c.id and not p.hidden
         group by c.id order by c.name`,
      );
      return { items };
    });
  }

  private async cachedList(name: string, load: () => Promise<unknown>): Promise<ReadyJson> {
    const kept = this.lists.get(name);
    if (kept !== undefined) listHits.inc();
    return kept ?? (await this.lists.forceFetch(name, { context: load }));
  }

  private async loadProduct(key: string, options: { ttl?: number }): Promise<ReadyJson | typeof MISSING> {
    const ref = productRef(key);
    if (!ref) return MISSING;
    const shared = await this.shared.get(ref.value);
    if (shared.found) {
      reads.inc({ what: 'product', layer: 'redis' });
      options.ttl = Math.max(1, shared.ttlMs);
      return shared.found;
    }
    const startedAt = performance.now();
    reads.inc({ what: 'product', layer: 'postgres' });
    const row = await this.browsing.product(() => findProduct(this.dataSource, ref));
    options.ttl = this.freshFor(startedAt);
    if (!row || row.hidden) return MISSING;
    const value = withOwnMemory(ReadyJson.of(toProduct(row, this.config.MEDIA_URL)));
    shared.put(value, options.ttl);
    return value;
  }

  /**
   * How long an answer may be kept, by all layers together, counted from when Postgres was asked. Changes by staff are
   * told to all replicas at once; this bounds what happens when the telling fails, and how late sales show in `stock`.
   */
  private freshFor(startedAt: number): number {
    return Math.max(1, Math.floor(this.config.CATALOG_FRESH_MS - (performance.now() - startedAt)));
  }
}

/**
 * What is not kept here after a change is kept by those who asked, as if it were new: an answer may not be older than the
 * change.
 */
async function readAgainIfChanged<T>(changed: AbortSignal, read: () => Promise<T>): Promise<T> {
  const value = await read();
  return changed.aborted ? read() : value;
}

const productHits = reads.labels({ what: 'product', layer: 'process' });
const listHits = reads.labels({ what: 'list', layer: 'process' });
