// Uploads the images of the demo shop's products, in the background, the way a gateway uploads those of staff; the image
// worker then processes them like any others. Made-up products share them.
import { createHash, randomUUID } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join, parse } from 'node:path';
import { Inject, Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { uploadKey } from '@shop/contracts/images';
import { sql } from '@shop/kit/database';
import { Log } from '@shop/kit/log';
import { repeat } from '@shop/kit/repeat';
import { STORAGE, type Storage } from '@shop/kit/storage';
import { DataSource } from 'typeorm';
import { catalogConfig, type CatalogConfig } from '../catalog.config.js';
import { ImagesService } from '../images/images.service.js';
import { shareImages } from './share-images.js';

/** Has a file per product, named after its slug. Found by the package's name, because a bundle moves this module. */
const folder = () => join(dirname(createRequire(import.meta.url).resolve('@shop/catalog/package.json')), 'seed/images');
const type = 'image/webp';

const PAUSE_SECONDS = 1;
/** Few, so that database connections remain for shoppers. */
const UPLOADS_AT_ONCE = 4;

@Injectable()
export class SeedImages implements OnApplicationBootstrap, OnModuleDestroy {
  /** Paths by slug; empty until they are read. */
  private files = new Map<string, string>();
  private stop: () => Promise<void> = () => Promise.resolve();

  constructor(
    @Inject(catalogConfig.token) private readonly config: CatalogConfig,
    @InjectDataSource('catalog') private readonly dataSource: DataSource,
    @Inject(STORAGE) private readonly storage: Storage,
    private readonly images: ImagesService,
    private readonly log: Log,
  ) {}

  onApplicationBootstrap(): void {
    if (this.config.SEED !== 'demo' || this.config.SEED_IMAGES === 'off') return;
    this.stop = repeat({ name: 'image seed', seconds: PAUSE_SECONDS, log: this.log }, () => this.takeStep());
  }

  onModuleDestroy(): Promise<void> {
    return this.stop();
  }

  /** What is missing is read from the database each time, so a process that is killed loses nothing. */
  private async takeStep(): Promise<boolean> {
    if (this.files.size === 0) await this.findFiles();
    const slugs = [...this.files.keys()];
    const products = await this.productsWithoutImage(slugs);
    if (products.length > 0) {
      await Promise.all(products.map((product) => this.upload(product)));
      return true;
    }
    if (await this.areBeingProcessed(slugs)) return false;
    const shared = await shareImages(this.dataSource, slugs);
    if (shared > 0) this.log.info({ products: shared }, 'Seeding images');
    else void this.stop(); // Not awaited: it waits for this step.
    return shared > 0;
  }

  private async findFiles(): Promise<void> {
    const names = await readdir(folder());
    this.files = new Map(names.map((name) => [parse(name).name, join(folder(), name)]));
  }

  private productsWithoutImage(slugs: string[]) {
    return sql<{ id: string; slug: string; name: string }>(
      this.dataSource,
      `select id, slug, name from products p
       where slug = any($1::text[]) and not exists (select from images where product_id = p.id)
       order by created_at desc limit $2`,
      [slugs, UPLOADS_AT_ONCE],
    );
  }

  private async upload({ id, slug, name }: { id: string; slug: string; name: string }): Promise<void> {
    const bytes = await readFile(this.files.get(slug)!);
    const upload = {
      key: uploadKey(randomUUID()),
      hash: createHash('sha256').update(bytes).digest('hex'),
      type,
      bytes: bytes.length,
    } as const;
    await this.storage.put(upload.key, bytes, { contentType: type });
    await this.images.add(id, upload, { alt: name, priority: 'demo' });
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
}
