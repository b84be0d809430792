// The same promises of a folder and of a bucket.
import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { toAppError } from '@shop/rpc/errors';
import { readConfigs, type Env } from '../src/config.js';
import { kitConfig, type KitConfig } from '../src/kit.config.js';
import { isMissing, openStorage, type Storage } from '../src/storage.js';
import { findS3, type S3Server } from '../src/testing/s3.js';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';

const s3 = findS3();
if ('missing' in s3) console.warn(`Skipped: storage is not tested on S3, because ${s3.missing}.`);

function open(env: Env): Promise<Storage> {
  return openStorage(readConfigs([kitConfig], env).get(kitConfig.token) as KitConfig);
}

/** Every file below a folder. */
async function filesIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map(({ name }) => name);
}

const codeOf = (work: Promise<unknown>) =>
  work.then(
    () => 'done',
    (error: unknown) => toAppError(error).code,
  );

describe.each(['folder', 's3'] as const)('a storage in a %s', (kind) => {
  let folder: string;
  let server: S3Server | undefined;
  let storage: Storage;

  describe.skipIf(kind === 's3' && 'missing' in s3)('that is there', () => {
    beforeAll(async () => {
      server = kind === 's3' && 'start' in s3 ? await s3.start() : undefined;
      folder = server?.folder ?? (await mkdtemp(join(tmpdir(), 'shop-test-storage-')));
      storage = await open(server?.env ?? { STORAGE_DIR: folder });
    });
    afterAll(async () => {
      await server?.stop();
      if (kind === 'folder') await rm(folder, { recursive: true, force: true });
    });

    it('is healthy', async () => {
      await storage.driver.check();
    });

    it.each([true, false])('keeps a stream whose length is told: %s', async (told) => {
      const bytes = randomBytes(3_000_000);
      const stream = Readable.from([bytes.subarray(0, 1), bytes.subarray(1, 100_000), bytes.subarray(100_000)]);
      const key = `originals/${createHash('sha256').update(bytes).digest('hex')}`;
      await storage.putStream(key, stream, told ? { contentLength: bytes.length } : {});
      expect(bytes.equals(await buffer(await storage.getStream(key)))).toBe(true);
      expect(await storage.getMetaData(key)).toMatchObject({ contentLength: bytes.length });
      expect(await buffer(await storage.getRange(key, 99_998, 100_001))).toEqual(bytes.subarray(99_998, 100_002));
    });

    it('leaves nothing anywhere of a stream while it comes, should this process be killed', async () => {
      const temporary = await mkdtemp(join(tmpdir(), 'shop-test-tmp-'));
      vi.stubEnv('TMPDIR', temporary);
      const slowly = async function* () {
        yield randomBytes(200_000);
        for (let i = 0; i < 20; i++) {
          await new Promise((resolve) => setTimeout(resolve, 5));
          expect(await filesIn(temporary)).toEqual([]);
        }
        yield randomBytes(200_000);
      };
      await storage.putStream('uploads/slow', Readable.from(slowly()));
      expect((await storage.getMetaData('uploads/slow')).contentLength).toBe(400_000);
      expect(await filesIn(temporary)).toEqual([]);
      vi.unstubAllEnvs();
      await storage.delete('uploads/slow');
      await rm(temporary, { recursive: true });
    });

    it('answers exactly the bytes of a small file', async () => {
      await storage.put('media/a', 'abc');
      expect(Buffer.from(await storage.getBytes('media/a')).toString()).toBe('abc');
    });

    it('keeps nothing of a stream that breaks off', async () => {
      const before = await filesIn(folder);
      const broken = async function* () {
        yield randomBytes(200_000);
        await Promise.resolve();
        throw new Error('cut');
      };
      for (const options of [{ contentLength: 1_000_000 }, {}])
        await expect(storage.putStream('uploads/broken', Readable.from(broken()), options)).rejects.toThrow();
      await vi.waitFor(async () => expect(await filesIn(folder)).toEqual(before), { timeout: 5000 });
    });

    it('shows a reader the whole old file or the whole new one while it is replaced', async () => {
      const [first, second] = ['a', 'b'].map((letter) => Buffer.alloc(2_000_000, letter));
      await storage.put('media/replaced', first!);
      const reading = await storage.getStream('media/replaced');
      const replacing = (async () => {
        for (const bytes of [second!, first!, second!]) await storage.put('media/replaced', bytes);
      })();
      const seen = [await buffer(reading)];
      for (let i = 0; i < 5; i++) seen.push(await buffer(await storage.getStream('media/replaced')));
      await replacing;
      for (const bytes of seen) expect([first, second].some((whole) => whole!.equals(bytes))).toBe(true);
    });

    it('moves a file, and says when there is none', async () => {
      await storage.put('uploads/moved', 'x');
      await storage.move('uploads/moved', 'originals/moved');
      expect(await storage.exists('uploads/moved')).toBe(false);
      expect(await storage.get('originals/moved')).toBe('x');
      for (const work of [
        () => storage.move('uploads/moved', 'originals/moved'),
        () => storage.getMetaData('uploads/moved'),
        () => storage.getRange('uploads/moved', 0, 1),
      ])
        await expect(work().catch((error: unknown) => isMissing(error))).resolves.toBe(true);
      await storage.delete('uploads/moved');
    });

    it('removes a folder with all that is in it, and nothing else', async () => {
      const keys = ['media/00000000000000aa/1.webp', 'media/00000000000000aa/2.webp', 'media/00000000000000ab/1.webp'];
      for (const key of keys) await storage.put(key, 'x');
      await storage.deleteAll('media/00000000000000aa');
      await storage.deleteAll('media/00000000000000aa');
      expect(await Promise.all(keys.map((key) => storage.exists(key)))).toEqual([false, false, true]);
    });

    it('lists what lies where, and since when', async () => {
      await storage.put('uploads/listed', 'x');
      const { objects } = await storage.listAll('uploads', { recursive: true });
      const file = [...objects].find(({ name }) => name === 'listed');
      expect(file?.isFile && (await file.getMetaData()).lastModified.getTime()).toBeGreaterThan(Date.now() - 60_000);
    });
  });

  it('is unavailable when it is not there', async () => {
    const bucket = { S3_BUCKET: 'x', S3_ACCESS_KEY_ID: 'x', S3_SECRET_ACCESS_KEY: 'x' };
    const away = await open(
      kind === 's3'
        ? { ...bucket, STORAGE: 's3', S3_ENDPOINT: 'http://127.0.0.1:1' }
        : { STORAGE_DIR: import.meta.filename },
    );
    await expect(away.driver.check()).rejects.toThrow();
    expect(await codeOf(away.put('uploads/x', 'x'))).toBe('unavailable');
    const body = Readable.from([Buffer.alloc(100_000)]);
    expect(await codeOf(away.putStream('uploads/x', body, { contentLength: 100_000 }))).toBe('unavailable');
  });
});

it('wants to know the bucket', () => {
  expect(() => readConfigs([kitConfig], { STORAGE: 's3' })).toThrow('S3_BUCKET');
});
