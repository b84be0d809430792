// Files: a folder in development, any S3 in production, by way of flydrive. What lies where is said in contracts/images.ts.
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { Inject, Module, type OnModuleInit } from '@nestjs/common';
import { Disk, errors } from 'flydrive';
import type { DriverContract } from 'flydrive/types';
import { Health } from './health.js';
import { kitConfig, type KitConfig } from './kit.config.js';

export const STORAGE = Symbol('STORAGE');

export interface StorageDriver extends DriverContract {
  /** Bytes `start` to `end`, both included. */
  getRange(key: string, start: number, end: number): Promise<Readable>;
  /** Rejects when nothing can be stored. */
  check(): Promise<unknown>;
}

/**
 * flydrive's disk, and parts of files. Whoever reads a key finds the file as it was or as it is, never half of one, also
 * when its writer is killed. Whatever fails but for `isMissing` is an outage to clients.
 */
export class Storage extends Disk {
  constructor(override readonly driver: StorageDriver) {
    super(driver);
  }

  /** Bytes `start` to `end`, both included. */
  async getRange(key: string, start: number, end: number): Promise<Readable> {
    try {
      return await this.driver.getRange(this.file(key).key, start, end);
    } catch (error) {
      throw new errors.E_CANNOT_READ_FILE([key], { cause: error });
    }
  }
}

/** Whether an operation failed because there is no such file. */
export function isMissing(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const { code, name, cause } = error as { code?: unknown; name: string; cause?: unknown };
  return code === 'ENOENT' || name === 'NoSuchKey' || name === 'NotFound' || isMissing(cause);
}

/** Each driver when it is needed: the SDK for S3 takes 14 MB of memory. */
export async function openStorage(config: KitConfig): Promise<Storage> {
  if (config.STORAGE === 's3') return new Storage((await import('./storage-s3.js')).openBucket(config));
  const { Folder } = await import('./storage-folder.js');
  return new Storage(new Folder(config.STORAGE_DIR ?? join(config.DATA_DIR, 'storage')));
}

/** Provides STORAGE: `@Inject(STORAGE) storage: Storage`. */
@Module({
  providers: [{ provide: STORAGE, inject: [kitConfig.token], useFactory: openStorage }],
  exports: [STORAGE],
})
export class StorageModule implements OnModuleInit {
  constructor(
    @Inject(STORAGE) private readonly storage: Storage,
    private readonly health: Health,
  ) {}

  onModuleInit(): void {
    // Degraded, not down: without images the shop still sells.
    this.health.register('storage', () => this.storage.driver.check(), 'degraded');
  }
}
