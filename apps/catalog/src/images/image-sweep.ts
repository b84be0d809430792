// Finds pictures that nobody works on any more, and files that nobody needs. Runs on every replica.
import { Inject, Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { crashPoint } from '@shop/kit/crash-point';
import { sql } from '@shop/kit/database';
import { Log } from '@shop/kit/log';
import { repeat } from '@shop/kit/repeat';
import { DataSource } from 'typeorm';
import { catalogConfig, type CatalogConfig } from '../catalog.config.js';
import { PictureFiles } from './image-storage.js';
import { PictureQueue } from './image-queue.js';

/** Pictures at a time, per replica. */
const BATCH = 100;

/** What the sweep adds to the queue at most: the rest is as safe in its rows, and costs no memory of Redis. */
const FULL = 1000;

@Injectable()
export class PictureSweep implements OnApplicationBootstrap, OnModuleDestroy {
  private stops: (() => Promise<void>)[] = [];

  constructor(
    @Inject(catalogConfig.token) private readonly config: CatalogConfig,
    @InjectDataSource('catalog') private readonly dataSource: DataSource,
    private readonly files: PictureFiles,
    private readonly queue: PictureQueue,
    private readonly log: Log,
  ) {}

  onApplicationBootstrap(): void {
    const { CATALOG_SWEEP_SECONDS: seconds, PICTURE_FILES_KEPT_SECONDS: kept } = this.config;
    const { log } = this;
    this.stops = [
      repeat({ name: 'picture sweep', seconds, log }, () => this.requeue()),
      repeat({ name: 'sweep of unshown pictures', seconds, log }, () => this.files.removeUnshown()),
      // A list of all uploads, so not as often as it could be.
      repeat({ name: 'upload sweep', seconds: Math.max(seconds, kept / 4), log }, async () => {
        await this.files.removeForgottenUploads();
        return false;
      }),
    ];
  }

  async onModuleDestroy(): Promise<void> {
    await Promise.all(this.stops.map((stop) => stop()));
  }

  /** What is in the queue all the same is not added twice. What nobody has seen yet comes before what is done again. */
  private async requeue(): Promise<boolean> {
    const room = FULL - (await this.queue.depth());
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
    if (stuck.length > 0) crashPoint('catalog.picture.after-claiming');
    const failures: unknown[] = [];
    for (const { hash, upload } of stuck) {
      try {
        if (upload !== null) await this.files.settle(hash);
        await this.queue.add(hash);
      } catch (error) {
        // One that cannot be moved now does not hold up the others.
        failures.push(error);
      }
    }
    if (failures.length > 0) throw failures[0];
    return stuck.length === BATCH;
  }
}
