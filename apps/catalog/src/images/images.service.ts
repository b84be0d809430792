// What staff do with the pictures of products. A picture is known by the hash of its bytes, however many products show it.
import { Inject, Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import type { Image, Upload } from '@shop/contracts/images';
import { crashPoint } from '@shop/kit/crash-point';
import { inTransaction, sql, type Sql } from '@shop/kit/database';
import { AppError, invalidRequest } from '@shop/kit/errors';
import { DataSource } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { catalogConfig, type CatalogConfig } from '../catalog.config.js';
import { imageColumns, toImage, type ImageRow } from './image-json.js';
import { PictureFiles } from './image-storage.js';
import { PictureQueue, type Priority } from './image-queue.js';
import { retag } from './image-tags.js';
import { productRef } from '../products/product-key.js';
import { SharedCache } from '../products/shared-cache.js';

/** As many as one request can put in order. */
const MOST_IMAGES = 100;

export interface AddOptions {
  alt?: string | undefined;
  /** The usual one of an image like this unless given. */
  priority?: Priority;
}

interface Added {
  id: string;
  /** Where the picture's original lies, unless it is where it belongs. */
  upload: string | null;
  changedKeys: string[];
}

@Injectable()
export class ImagesService {
  constructor(
    @Inject(catalogConfig.token) private readonly config: CatalogConfig,
    @InjectDataSource('catalog') private readonly dataSource: DataSource,
    private readonly files: PictureFiles,
    private readonly queue: PictureQueue,
    private readonly cache: SharedCache,
  ) {}

  /** Hidden ones as well. not_found. */
  async findProduct(key: string): Promise<{ id: string }> {
    const ref = productRef(key);
    const statement =
      ref?.column === 'slug' ? 'select id from products where slug = $1' : 'select id from products where id = $1';
    const [product] = ref ? await sql<{ id: string }>(this.dataSource, statement, [ref.value]) : [];
    if (!product) throw new AppError('not_found', 'There is no such product');
    return product;
  }

  /**
   * First the rows are committed, which say what there is to do; then the file is moved, then the job is added. Whoever
   * dies in between leaves the rest to the same call made again, or to the sweep.
   */
  async add(productKey: string, upload: Upload, { alt, priority }: AddOptions = {}): Promise<Image> {
    const product = await this.findProduct(productKey);
    const added = await inTransaction(this.dataSource, (sql) => insert(sql, { productId: product.id, upload, alt }));
    crashPoint('catalog.picture.after-writing-down');
    if (added.changedKeys.length > 0) await this.cache.invalidate(added.changedKeys);
    // The same bytes are here already, or on their way.
    if (added.upload !== upload.key) await this.files.dropUpload(upload.key);
    if (added.upload !== null) await this.files.settle(upload.hash);
    crashPoint('catalog.picture.after-settling');
    await this.queue.add(upload.hash, priority);
    crashPoint('catalog.picture.after-queueing');
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

  /** The picture's files stay for a while, and for good when another product shows it. */
  async remove(id: string): Promise<void> {
    const changed = await inTransaction(this.dataSource, async (sql) => {
      // Locked like adding locks it, so that of two who remove its last images the second one notices.
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
    crashPoint('catalog.picture.after-removing-image');
    if (changed.length > 0) await this.cache.invalidate(changed);
  }

  /** Those that are not named follow in the order they had. invalid_request for what is not an image of this product. */
  async order(productKey: string, ids: string[]): Promise<Image[]> {
    const product = await this.findProduct(productKey);
    const changed = await inTransaction(this.dataSource, async (sql) => {
      const keys = await retag(sql, [product.id]);
      const now = await sql<{ id: string }>('select id from images where product_id = $1 order by position, id', [
        product.id,
      ]);
      refuseStrangers(ids, new Set(now.map(({ id }) => id)));
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
  // Uploading again what failed is another try.
  const [picture] = await sql<{ upload: string | null; ready: boolean }>(
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
    [uuidv7(), productId, upload.hash, alt ?? null, MOST_IMAGES],
  );
  const [image] = await sql<{ id: string }>('select id from images where product_id = $1 and picture = $2', [
    productId,
    upload.hash,
  ]);
  if (!image) throw invalidRequest([{ message: `A product has at most ${MOST_IMAGES} images` }]);
  const changedKeys = picture!.ready ? await retag(sql, [productId]) : [];
  return { id: image.id, upload: picture!.upload, changedKeys };
}

/** Its images change one after the other. Everybody locks the picture first, then the product, then images. */
async function lockProduct(sql: Sql, id: string): Promise<void> {
  await sql('select from products where id = $1 for no key update', [id]);
}

function refuseStrangers(ids: string[], own: Set<string>): void {
  const wrong = ids.flatMap((id, i) => {
    if (!own.has(id)) return { path: ['ids', i], message: 'is not an image of this product' };
    return ids.indexOf(id) < i ? { path: ['ids', i], message: 'is named already' } : [];
  });
  if (wrong.length > 0) throw invalidRequest(wrong);
}
