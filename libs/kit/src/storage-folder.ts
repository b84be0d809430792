// Storage in a folder that all processes share.
import { randomUUID } from 'node:crypto';
import { access, constants, mkdir, open, rename } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Readable } from 'node:stream';
import { uploadKey } from '@shop/contracts/images';
import { FSDriver } from 'flydrive/drivers/fs';
import type { StorageDriver } from './storage.js';

/** As flydrive's, but a file appears whole or not at all, and moving one costs nothing however large it is. */
export class Folder extends FSDriver implements StorageDriver {
  constructor(private readonly root: string) {
    super({ location: root, visibility: 'private' });
  }

  override put(key: string, contents: string | Uint8Array): Promise<void> {
    return this.draft(key, (draft) => super.put(draft, contents));
  }

  override putStream(key: string, contents: Readable): Promise<void> {
    return this.draft(key, (draft) => super.putStream(draft, contents));
  }

  override copy(source: string, destination: string): Promise<void> {
    return this.draft(destination, (draft) => super.copy(source, draft));
  }

  override async move(source: string, destination: string): Promise<void> {
    const to = join(this.root, destination);
    await mkdir(dirname(to), { recursive: true });
    await rename(join(this.root, source), to);
  }

  async getRange(key: string, start: number, end: number): Promise<Readable> {
    const file = await open(join(this.root, key));
    return file.createReadStream({ start, end });
  }

  async check(): Promise<void> {
    await mkdir(this.root, { recursive: true });
    await access(this.root, constants.W_OK);
  }

  /** What a killed process leaves is an upload that nobody takes over, and is swept as such. */
  private async draft(key: string, write: (draft: string) => Promise<void>): Promise<void> {
    const draft = uploadKey(randomUUID());
    try {
      await write(draft);
      await this.move(draft, key);
    } catch (error) {
      await this.delete(draft).catch(() => undefined);
      throw error;
    }
  }
}
