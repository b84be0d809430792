// Finds images that got stuck and files that are no longer needed. Runs on every replica.
import { Inject, Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { failPoint } from '@shop/kit/fail-point';
import { sql } from '@shop/kit/database';
import { Log } from '@shop/kit/log';
import { repeat } from '@shop/kit/repeat';
import { DataSource } from 'typeorm';
import { catalogConfig, type CatalogConfig } from '../catalog.config.js';
import { ImageQueue } from './image-queue.js';
import { ImageStorage } from './image-storage.js';

/** Image files per round and replica. */
const BATCH = 100;

/** The sweep fills the queue up to this number of jobs: the rest is safe in its rows and needs no memory in Redis. */
const MAX_QUEUED = 1000;

@Injectable()
export class ImageSweep implements OnApplicationBootstrap, OnModuleDestroy {
  private stops: (() => Promise<void>)[] = [];

  constructor(
    @Inject(catalogConfig.token) private readonly config: CatalogConfig,
    @InjectDataSource('catalog') private readonly dataSource: DataSource,
    private readonly storage: ImageStorage,
    private readonly queue: ImageQueue,
    private readonly log: Log,
  ) {}

  onApplicationBootstrap(): void {
    const { CATALOG_SWEEP_SECONDS: seconds, PICTURE_FILES_KEPT_SECONDS: kept } = this.config;
    const { log } = this;
    this.stops = [
      repeat({ name: 'image sweep', seconds, log }, () => this.requeue()),
      repeat({ name: 'sweep of unshown images', seconds, log }, () => this.storage.removeUnshown()),
      // Less often, because it lists all uploads.
      repeat({ name: 'upload sweep', seconds: Math.max(seconds, kept / 4), log }, async () => {
        await this.storage.removeForgottenUploads();
        return false;
      }),
    ];
  }

  async onModuleDestroy(): Promise<void> {
    await Promise.all(this.stops.map((stop) => stop()));
  }

  /** A job that is still queued is not added twice. Files that were never shown come before those processed again. */
  private async requeue(): Promise<boolean> {
    const room = MAX_QUEUED - (await this.queue.depth());
    if (room <= 0) return false;
    const stuck = await sql<{ hash: string; upload: string | null }>(
      this.dataSource,
      `update pictures set touched_at = now()
       where hash in (
         select hash from pictures
         where status in ('waiting', 'working') and unshown_at is null
           and touched_at < now() - make_interval(secs => $1)
         order by shown is not null, touched_at limit $2 for update skip locked)
       returning hash, upload`,
      [this.config.PICTURE_RETRY_SECONDS, Math.min(BATCH, room)],
    );
    if (stuck.length > 0) failPoint('catalog.image.after-claiming');
    const failures: unknown[] = [];
    for (const { hash, upload } of stuck) {
      try {
        if (upload !== null) await this.storage.settle(hash);
        await this.queue.add(hash);
      } catch (error) {
        // A file that cannot be moved now must not hold up the others.
        failures.push(error);
      }
    }
    if (failures.length > 0) throw failures[0];
    return stuck.length === BATCH;
  }
}
