// What staff do with images of products. Images with the same bytes share one ImageFile (table `pictures`, keyed by hash).
import { Inject, Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import type { Image, Upload } from '@shop/contracts/images';
import { failPoint } from '@shop/kit/fail-point';
import { inTransaction, sql, type Sql } from '@shop/kit/database';
import { AppError, invalidRequest } from '@shop/rpc/errors';
import { DataSource } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { catalogConfig, type CatalogConfig } from '../catalog.config.js';
import { imageColumns, toImage, type ImageRow } from './image-json.js';
import { ImageQueue, type Priority } from './image-queue.js';
import { ImageStorage } from './image-storage.js';
import { retag } from './image-tags.js';
import { productRef } from '../products/product-key.js';
import { SharedCache } from '../products/shared-cache.js';

/** The number that one request can put in order. */
const MAX_IMAGES = 100;

export interface AddOptions {
  alt?: string | undefined;
  /** The default depends on the image: see ImageQueue. */
  priority?: Priority;
}

interface Added {
  id: string;
  /** The key of the original until it is in its place. */
  upload: string | null;
  changedKeys: string[];
}

@Injectable()
export class ImagesService {
  constructor(
    @Inject(catalogConfig.token) private readonly config: CatalogConfig,
    @InjectDataSource('catalog') private readonly dataSource: DataSource,
    private readonly storage: ImageStorage,
    private readonly queue: ImageQueue,
    private readonly cache: SharedCache,
  ) {}

  /** Finds hidden products too. not_found. */
  async findProduct(key: string): Promise<{ id: string }> {
    const ref = productRef(key);
    const statement =
      ref?.column === 'slug' ? 'select id from products where slug = $1' : 'select id from products where id = $1';
    const [product] = ref ? await sql<{ id: string }>(this.dataSource, statement, [ref.value]) : [];
    if (!product) throw new AppError('not_found', 'There is no such product');
    return product;
  }

  /**
   * Commits the rows first, which say what there is to do; then moves the file, then adds the job. After a crash in between,
   * the client's retry or the sweep does the rest.
   */
  async add(productKey: string, upload: Upload, { alt, priority }: AddOptions = {}): Promise<Image> {
    const product = await this.findProduct(productKey);
    const added = await inTransaction(this.dataSource, (sql) => insert(sql, { productId: product.id, upload, alt }));
    failPoint('catalog.image.after-writing-down');
    if (added.changedKeys.length > 0) await this.cache.invalidate(added.changedKeys);
    // Another upload of the same bytes is stored already, or about to be.
    if (added.upload !== upload.key) await this.storage.dropUpload(upload.key);
    if (added.upload !== null) await this.storage.settle(upload.hash);
    failPoint('catalog.image.after-settling');
    await this.queue.add(upload.hash, priority);
    failPoint('catalog.image.after-queueing');
    return this.get(added.id);
  }

  /** not_found. */
  async get(id: string): Promise<Image> {
    const [row] = await sql<ImageRow>(
      this.dataSource,
      `select ${imageColumns} from images i join pictures p on p.hash = i.picture where i.id = $1`,
      [id],
    );
    if (!row) throw new AppError('not_found', 'There is no such image');
    return toImage(row, this.config.MEDIA_URL);
  }

  /** Files stay for a while, or as long as another product shows them. */
  async remove(id: string): Promise<void> {
    const changed = await inTransaction(this.dataSource, async (sql) => {
      // The same lock as for adding, so that of two requests removing the last two images the second one notices.
      const [image] = await sql<{ product_id: string; picture: string }>(
        `select i.product_id, i.picture from images i join pictures p on p.hash = i.picture
         where i.id = $1 for update of p`,
        [id],
      );
      if (!image) return [];
      await lockProduct(sql, image.product_id);
      await sql('delete from images where id = $1', [id]);
      await sql(
        `update pictures set unshown_at = now()
         where hash = $1 and not exists (select from images where picture = $1)`,
        [image.picture],
      );
      return retag(sql, [image.product_id]);
    });
    failPoint('catalog.image.after-removing-image');
    if (changed.length > 0) await this.cache.invalidate(changed);
  }

  /** Images that are not named follow in their previous order. invalid_request for ids of other images. */
  async order(productKey: string, ids: string[]): Promise<Image[]> {
    const product = await this.findProduct(productKey);
    const changed = await inTransaction(this.dataSource, async (sql) => {
      const keys = await retag(sql, [product.id]);
      const now = await sql<{ id: string }>('select id from images where product_id = $1 order by position, id', [
        product.id,
      ]);
      refuseForeignIds(ids, new Set(now.map(({ id }) => id)));
      await sql(
        `update images i set position = o.position from unnest($1::uuid[]) with ordinality as o (id, position)
         where i.id = o.id`,
        [[...new Set([...ids, ...now.map(({ id }) => id)])]],
      );
      return keys;
    });
    await this.cache.invalidate(changed);
    return this.list(product.id);
  }

  async list(productKey: string): Promise<Image[]> {
    const { id } = await this.findProduct(productKey);
    const rows = await sql<ImageRow>(
      this.dataSource,
      `select ${imageColumns} from images i join pictures p on p.hash = i.picture
       where i.product_id = $1 order by i.position, i.id`,
      [id],
    );
    return rows.map((row) => toImage(row, this.config.MEDIA_URL));
  }
}

async function insert(
  sql: Sql,
  { productId, upload, alt }: { productId: string; upload: Upload; alt?: string | undefined },
): Promise<Added> {
  // Uploading a failed file again starts it anew.
  const [file] = await sql<{ upload: string | null; ready: boolean }>(
    `insert into pictures as p (hash, type, bytes, upload) values ($1, $2, $3, $4)
     on conflict (hash) do update set
       unshown_at = null,
       upload = case p.status when 'failed' then excluded.upload else p.upload end,
       steps = case p.status when 'failed' then '{}' else p.steps end,
       attempts = case p.status when 'failed' then '{}' else p.attempts end,
       reason = null,
       touched_at = now(),
       status = case p.status when 'failed' then 'waiting' else p.status end
     returning upload, shown is not null as ready`,
    [upload.hash, upload.type, upload.bytes, upload.key],
  );
  await lockProduct(sql, productId);
  await sql(
    `insert into images (id, product_id, picture, position, alt)
     select $1::uuid, $2::uuid, $3::text, coalesce(max(position) + 1, 0), $4::text from images where product_id = $2
     having count(*) < $5
     on conflict (product_id, picture) do nothing`,
    [uuidv7(), productId, upload.hash, alt ?? null, MAX_IMAGES],
  );
  const [image] = await sql<{ id: string }>('select id from images where product_id = $1 and picture = $2', [
    productId,
    upload.hash,
  ]);
  if (!image) throw invalidRequest([{ message: `A product has at most ${MAX_IMAGES} images` }]);
  const changedKeys = file!.ready ? await retag(sql, [productId]) : [];
  return { id: image.id, upload: file!.upload, changedKeys };
}

/** Serializes changes to a product's images. The order of locks is always image file, product, images. */
async function lockProduct(sql: Sql, id: string): Promise<void> {
  await sql('select from products where id = $1 for no key update', [id]);
}

function refuseForeignIds(ids: string[], own: Set<string>): void {
  const wrong = ids.flatMap((id, i) => {
    if (!own.has(id)) return { path: ['ids', i], message: 'is not an image of this product' };
    return ids.indexOf(id) < i ? { path: ['ids', i], message: 'is named already' } : [];
  });
  if (wrong.length > 0) throw invalidRequest(wrong);
}
