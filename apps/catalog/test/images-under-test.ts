// A catalog with a storage of its own, uploads as gateways store them, and a stand-in for the image worker.
import { createHash, randomUUID } from 'node:crypto';
import { access, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { catalogRpc } from '@shop/contracts/catalog';
import { ImageStep, mediaKey, type Image, type StepResults, type Upload } from '@shop/contracts/images';
import type { S3Server } from '@shop/kit/testing/s3';
import { testRedisUrl, type TestDatabase } from '@shop/kit/testing/stores';
import { Rpc } from '@shop/rpc/rpc';
import { Queue } from 'bullmq';
import { Redis } from 'ioredis';
import { createCatalogDatabase, eventually, startCatalog, type Catalog } from './catalog-under-test.js';

const REDIS = testRedisUrl(4);

export type Setup = Awaited<ReturnType<typeof openSetup>>;

/** Storage is a folder, or a bucket of `server`, which keeps it in a folder too. */
export async function openSetup(server?: S3Server) {
  const database: TestDatabase = await createCatalogDatabase();
  const folder = server?.folder ?? (await mkdtemp(join(tmpdir(), 'shop-test-images-')));
  const redis = new Redis(REDIS);
  await redis.flushdb();
  const queue = new Queue('image-worker', { connection: redis, prefix: '{image-worker}' });
  const running: Catalog[] = [];

  const write = async (key: string, bytes: string) => {
    // Retried, because the S3 server removes folders that become empty.
    await eventually(async () => {
      await mkdir(dirname(join(folder, key)), { recursive: true });
      await writeFile(join(folder, key), bytes);
    });
  };

  return {
    database,
    redis,
    folder,
    write,
    /** Starts a replica, which sweeps only if `env` says so. */
    async start(env: Record<string, string> = {}): Promise<Catalog> {
      const catalog = await startCatalog(database, {
        STORAGE_DIR: folder,
        CATALOG_SWEEP_SECONDS: '3600',
        ...(server?.env as Record<string, string>),
        ...env,
      });
      running.push(catalog);
      return catalog;
    },
    async stopAll(): Promise<void> {
      await Promise.all(running.splice(0).map((catalog) => catalog.stop()));
    },
    /** Stores an upload as a gateway does. */
    async upload(bytes: string): Promise<Upload> {
      const key = `uploads/${randomUUID()}`;
      await write(key, bytes);
      return { key, hash: hashOf(bytes), type: 'image/png', bytes: bytes.length };
    },
    /** The rows that a catalog leaves when it dies right after committing them; returns the id of the image. */
    async rowsOnly(product: string, bytes: string, upload: string): Promise<string> {
      const id = randomUUID();
      await database.query(`insert into pictures (hash, type, bytes, upload) values ($1, 'image/png', 9, $2)`, [
        ...[hashOf(bytes), upload],
      ]);
      await database.query('insert into images (id, product_id, picture, position) values ($1, $2, $3, 0)', [
        ...[id, product, hashOf(bytes)],
      ]);
      return id;
    },
    /** Removes all images with all files. */
    async removeAll(): Promise<void> {
      await database.query('delete from images');
      await database.query('delete from pictures');
      for (const entry of await readdir(folder)) await rm(join(folder, entry), { recursive: true });
    },
    has: (key: string) =>
      access(join(folder, key)).then(
        () => true,
        () => false,
      ),
    /** The keys of all files. */
    async files(): Promise<string[]> {
      const entries = await readdir(folder, { recursive: true, withFileTypes: true });
      const files = entries.filter((entry) => entry.isFile());
      return files.map(({ parentPath, name }) => join(parentPath, name).slice(folder.length + 1)).sort();
    },
    /** The hashes in the queue, next first. */
    async queued(): Promise<string[]> {
      const jobs = await queue.getJobs(['waiting', 'prioritized'], 0, -1, true);
      return jobs.map(({ data }) => (data as { payload: { hash: string } }).payload.hash);
    },
    emptyQueue: () => queue.obliterate({ force: true }),
    /** Takes all steps of an image, one after the other, like the worker. */
    async work(rpc: Rpc, hash: string, results = resultsFor(hash)): Promise<void> {
      const { work } = await rpc.call(catalogRpc.beginPicture, { hash });
      for (const step of ImageStep.options) {
        if (!work || work.done[step]) continue;
        if (step === 'resize') for (const { key } of results.resize.variants) await write(key, 'variant');
        await rpc.call(catalogRpc.tickPicture, { hash, done: { step, result: results[step] } as never });
      }
    },
    async close(): Promise<void> {
      await this.stopAll();
      await queue.close();
      redis.disconnect();
      await database.drop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

export function hashOf(bytes: string): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** `edition` stands for everything else that the bytes of variants depend on, such as the version of the encoder. */
export function resultsFor(hash: string, tags = ['navy', 'portrait'], edition = '1'): StepResults {
  const variant = (name: string, width: number) => ({
    ...{ name, width, height: width, type: 'image/webp' },
    key: mediaKey(hash, hashOf(`${hash} ${name} ${edition}`), 'webp'),
  });
  return {
    decode: { width: 1280, height: 1280, type: 'image/png', transparent: false, orientation: 'square' },
    resize: { variants: [variant('thumb', 320), variant('card', 640), variant('page', 1280)] },
    analyse: {
      colors: ['#000080', '#ffffff'],
      placeholder: 'data:image/webp;base64,AA==',
      perceptualHash: hash.slice(0, 16),
      brightness: 0.5,
    },
    tag: { tags },
  };
}

export async function newProduct(rpc: Rpc, name = 'Piece'): Promise<{ id: string; slug: string; version: number }> {
  return rpc.call(catalogRpc.createProduct, { name, description: '', category: 'desk', priceCents: 100, stock: 1 });
}

export function doneSteps({ steps }: Image): string[] {
  return steps.filter(({ doneAt }) => doneAt !== null).map(({ name }) => name);
}

/** The value of a metric, whose name and labels are given as they are exported. */
export async function metric(catalog: Catalog, name: string): Promise<number | undefined> {
  const text = await (await fetch(`${catalog.opsUrl}/metrics`)).text();
  const line = text.split('\n').find((one) => one.startsWith(`${name} `));
  return line === undefined ? undefined : Number(line.split(' ')[1]);
}
