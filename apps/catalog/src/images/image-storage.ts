// Where the files of pictures are: moved to their place, and removed when nobody needs them.
import { Inject, Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { mediaFolder, originalKey } from '@shop/contracts/images';
import { crashPoint } from '@shop/kit/crash-point';
import { inTransaction, sql, type Sql } from '@shop/kit/database';
import { kitConfig, type KitConfig } from '@shop/kit/kit.config';
import { Log } from '@shop/kit/log';
import { isMissing, STORAGE, type Storage } from '@shop/kit/storage';
import pLimit, { type LimitFunction } from 'p-limit';
import { DataSource } from 'typeorm';
import { catalogConfig, type CatalogConfig } from '../catalog.config.js';

@Injectable()
export class PictureFiles {
  private readonly keptMs: number;
  /** Each keeps a connection to the database for as long as the storage takes: shoppers need the others. */
  private readonly inTurn: LimitFunction;

  constructor(
    @Inject(catalogConfig.token) config: CatalogConfig,
    @Inject(kitConfig.token) kit: KitConfig,
    @InjectDataSource('catalog') private readonly dataSource: DataSource,
    @Inject(STORAGE) private readonly storage: Storage,
    private readonly log: Log,
  ) {
    this.keptMs = config.PICTURE_FILES_KEPT_SECONDS * 1000;
    this.inTurn = pLimit(Math.ceil(kit.DATABASE_POOL_SIZE / 3));
  }

  /** Moves the original of a picture to its place, if it is not there. The row stays locked, so nobody removes it meanwhile. */
  settle(hash: string): Promise<void> {
    return this.inTurn(() => inTransaction(this.dataSource, (sql) => this.moveLocked(sql, hash)));
  }

  private async moveLocked(sql: Sql, hash: string): Promise<void> {
    const [picture] = await sql<{ upload: string }>(
      'select upload from pictures where hash = $1 and upload is not null for update',
      [hash],
    );
    if (!picture) return;
    const there = await this.move(picture.upload, originalKey(hash));
    crashPoint('catalog.picture.after-moving');
    await sql(
      there
        ? 'update pictures set upload = null where hash = $1'
        : `update pictures set upload = null, status = 'failed',
             reason = 'Its file is gone from the storage. Please upload it again.' where hash = $1`,
      [hash],
    );
  }

  /** An upload whose bytes are known already. */
  async dropUpload(key: string): Promise<void> {
    // One that stays is swept.
    await this.storage
      .delete(key)
      .catch((error: unknown) => this.log.throttled('upload stays', { err: error, key }, 'An upload stays'));
  }

  /** Removes a picture that no image has shown for long, with all its files. False when there is none. */
  async removeUnshown(): Promise<boolean> {
    // Written down first: should this be cut off with some files gone, whoever adds an image of it begins anew, and what is
    // left is removed when it has been unshown for as long again.
    const [picture] = await sql<{ hash: string }>(
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
    if (!picture) return false;
    crashPoint('catalog.picture.after-giving-up');
    await inTransaction(this.dataSource, (sql) => this.removeGivenUp(sql, picture.hash));
    return true;
  }

  private async removeGivenUp(sql: Sql, hash: string): Promise<void> {
    // Adding an image of it waits for this lock, and then begins anew; one that was quicker has taken it back.
    const [picture] = await sql<{ upload: string | null }>(
      `select upload from pictures where hash = $1 and status = 'failed' and shown is null and unshown_at is not null
       for update skip locked`,
      [hash],
    );
    if (!picture) return;
    await this.storage.deleteAll(mediaFolder(hash));
    crashPoint('catalog.picture.after-removing-variants');
    if (picture.upload !== null) await this.storage.delete(picture.upload);
    await this.storage.delete(originalKey(hash));
    crashPoint('catalog.picture.after-removing-original');
    await sql('delete from pictures where hash = $1', [hash]);
    this.log.info({ picture: hash }, 'picture removed');
  }

  /** Removes uploads that were finished long ago, and that nobody took over. */
  async removeForgottenUploads(): Promise<void> {
    let page: string | undefined;
    do {
      const { objects, paginationToken } = await this.storage.listAll('uploads', {
        recursive: true,
        paginationToken: page,
      });
      const old: string[] = [];
      for (const file of objects) if (file.isFile && (await this.isOld(file))) old.push(file.key);
      const wanted = await sql<{ upload: string }>(
        this.dataSource,
        'select upload from pictures where upload = any($1)',
        [old],
      );
      const taken = new Set(wanted.map(({ upload }) => upload));
      for (const key of old) if (!taken.has(key)) await this.storage.delete(key);
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

  /** False when the file is in neither place. */
  private async move(from: string, to: string): Promise<boolean> {
    try {
      await this.storage.move(from, to);
      return true;
    } catch (error) {
      if (!isMissing(error)) throw error;
      // Whoever moved it before died before the row said so.
      return this.storage.exists(to);
    }
  }
}
