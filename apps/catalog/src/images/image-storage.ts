// Moves uploaded originals to their place, and removes files that are no longer needed.
import { Inject, Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { mediaFolder, originalKey } from '@shop/contracts/images';
import { failPoint } from '@shop/kit/fail-point';
import { inTransaction, sql, type Sql } from '@shop/kit/database';
import { kitConfig, type KitConfig } from '@shop/kit/kit.config';
import { Log } from '@shop/kit/log';
import { isMissing, STORAGE, type Storage } from '@shop/kit/storage';
import pLimit, { type LimitFunction } from 'p-limit';
import { DataSource } from 'typeorm';
import { catalogConfig, type CatalogConfig } from '../catalog.config.js';

@Injectable()
export class ImageStorage {
  private readonly keptMs: number;
  /** Each move holds a database connection for as long as storage takes, so that others remain for shoppers. */
  private readonly limit: LimitFunction;

  constructor(
    @Inject(catalogConfig.token) config: CatalogConfig,
    @Inject(kitConfig.token) kit: KitConfig,
    @InjectDataSource('catalog') private readonly dataSource: DataSource,
    @Inject(STORAGE) private readonly storage: Storage,
    private readonly log: Log,
  ) {
    this.keptMs = config.PICTURE_FILES_KEPT_SECONDS * 1000;
    this.limit = pLimit(Math.ceil(kit.DATABASE_POOL_SIZE / 3));
  }

  /** Moves an original to its place unless it is there. The row stays locked, so that it is not removed meanwhile. */
  settle(hash: string): Promise<void> {
    return this.limit(() => inTransaction(this.dataSource, (sql) => this.moveLocked(sql, hash)));
  }

  private async moveLocked(sql: Sql, hash: string): Promise<void> {
    const [file] = await sql<{ upload: string }>(
      'select upload from pictures where hash = $1 and upload is not null for update',
      [hash],
    );
    if (!file) return;
    const exists = await this.move(file.upload, originalKey(hash));
    failPoint('catalog.image.after-moving');
    await sql(
      exists
        ? 'update pictures set upload = null where hash = $1'
        : `update pictures set upload = null, status = 'failed',
             reason = 'Its file is gone from storage. Please upload it again.' where hash = $1`,
      [hash],
    );
  }

  /** Removes an upload whose bytes are stored already. */
  async dropUpload(key: string): Promise<void> {
    // The sweep removes it if this fails.
    await this.storage
      .delete(key)
      .catch((error: unknown) => this.log.throttled('upload stays', { err: error, key }, 'An upload stays'));
  }

  /** Removes one image file that no product has shown for long, and everything made of it. Returns false when there is none. */
  async removeUnshown(): Promise<boolean> {
    // Recorded first. If the process dies while files are removed, adding an image of this file starts anew, and the rest is
    // removed after the same time again.
    const [file] = await sql<{ hash: string }>(
      this.dataSource,
      `update pictures set status = 'failed', reason = 'It was removed.', shown = null, touched_at = now(), unshown_at = now()
       where hash in (
         select hash from pictures p
         where unshown_at < now() - make_interval(secs => $1)
           and not exists (select from images where picture = p.hash)
         order by unshown_at limit 1 for update skip locked)
       returning hash`,
      [this.keptMs / 1000],
    );
    if (!file) return false;
    failPoint('catalog.image.after-giving-up');
    await inTransaction(this.dataSource, (sql) => this.removeGivenUp(sql, file.hash));
    return true;
  }

  private async removeGivenUp(sql: Sql, hash: string): Promise<void> {
    // Adding an image waits for this lock and then starts anew; if it was first, the row is no longer given up.
    const [file] = await sql<{ upload: string | null }>(
      `select upload from pictures where hash = $1 and status = 'failed' and shown is null and unshown_at is not null
       for update skip locked`,
      [hash],
    );
    if (!file) return;
    await this.storage.deleteAll(mediaFolder(hash));
    failPoint('catalog.image.after-removing-variants');
    if (file.upload !== null) await this.storage.delete(file.upload);
    await this.storage.delete(originalKey(hash));
    failPoint('catalog.image.after-removing-original');
    await sql('delete from pictures where hash = $1', [hash]);
    this.log.info({ image: hash }, 'image file removed');
  }

  /** Removes uploads that are complete for long and that no row names. */
  async removeForgottenUploads(): Promise<void> {
    let page: string | undefined;
    do {
      const { objects, paginationToken } = await this.storage.listAll('uploads', {
        recursive: true,
        paginationToken: page,
      });
      const old: string[] = [];
      for (const file of objects) if (file.isFile && (await this.isOld(file))) old.push(file.key);
      const named = await sql<{ upload: string }>(
        this.dataSource,
        'select upload from pictures where upload = any($1)',
        [old],
      );
      const needed = new Set(named.map(({ upload }) => upload));
      for (const key of old) if (!needed.has(key)) await this.storage.delete(key);
      page = paginationToken;
    } while (page !== undefined);
  }

  private async isOld(file: { getMetaData(): Promise<{ lastModified: Date }> }): Promise<boolean> {
    try {
      return (await file.getMetaData()).lastModified.getTime() < Date.now() - this.keptMs;
    } catch (error) {
      if (isMissing(error)) return false;
      throw error;
    }
  }

  /** Returns false when the file is in neither place. */
  private async move(from: string, to: string): Promise<boolean> {
    try {
      await this.storage.move(from, to);
      return true;
    } catch (error) {
      if (!isMissing(error)) throw error;
      // A process that died right after moving it has not updated the row.
      return this.storage.exists(to);
    }
  }
}
