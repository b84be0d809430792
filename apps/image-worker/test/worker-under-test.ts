// Image workers and the real catalog as processes, on stores of their own.
import { createHash, randomUUID } from 'node:crypto';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { catalogRpc } from '@shop/contracts/catalog';
import { originalKey, uploadKey, type Image, type ImageStatus, type ImageType } from '@shop/contracts/images';
import { Queues } from '@shop/kit/queue';
import { startForTest } from '@shop/kit/testing/services';
import { createTestDatabase, testRedisUrl } from '@shop/kit/testing/stores';
import { ToxicProxy } from '@shop/kit/testing/toxic-proxy';
import { Redis } from 'ioredis';
import { expect, vi } from 'vitest';
import { asking } from './asking.js';
import { startProcess, type ServiceProcess } from '@shop/kit/testing/processes';
import { Rpc } from '@shop/rpc/rpc';

/** Short intervals, so that lost work is found soon. */
const impatient = {
  QUEUE_LOCK_MS: '700',
  CATALOG_SWEEP_SECONDS: '0.5',
  PICTURE_RETRY_SECONDS: '2',
  PICTURE_FILES_KEPT_SECONDS: '4',
  SHUTDOWN_GRACE_MS: '3000',
};

export type Workshop = Awaited<ReturnType<typeof openWorkshop>>;

export async function openWorkshop() {
  const database = await createTestDatabase('images');
  const folder = await mkdtemp(join(tmpdir(), 'shop-test-workshop-'));
  const redis = new Redis(testRedisUrl(15));
  await redis.flushdb();
  const toRedis = await ToxicProxy.toUrl(testRedisUrl(15));
  const url = toRedis.through(testRedisUrl(15));
  const stores = { REDIS_STATE_URL: url, REDIS_CACHE_URL: url, STORAGE_DIR: folder };
  const startCatalog = (rpcPort = '0') =>
    startProcess('catalog', { ...stores, ...impatient, CATALOG_DATABASE_URL: database.url, RPC_PORT: rpcPort });
  let catalog = await startCatalog();
  const address = `127.0.0.1:${catalog.rpcPort}`;
  const rpc = new Rpc({ addresses: { catalog: address } });
  const asker = await startForTest(asking, { REDIS_STATE_URL: testRedisUrl(15) });
  const workers: ServiceProcess[] = [];

  await rpc.call(catalogRpc.createCategory, { slug: 'home', name: 'Home' });
  const newProduct = (name = 'Vase') =>
    rpc.call(catalogRpc.createProduct, { name, description: '', category: 'home', priceCents: 1, stock: 1 });
  const product = (await newProduct()).id;
  const image = (id: string): Promise<Image> => rpc.call(catalogRpc.getImage, { id });

  return {
    ...{ database, folder, redis, toRedis, rpc, product, newProduct, image },
    queues: asker.app.get(Queues, { strict: false }),
    async startWorker(env: Record<string, string> = {}): Promise<ServiceProcess> {
      const worker = await startProcess('image-worker', {
        ...stores,
        ...impatient,
        CATALOG_ADDRESSES: address,
        ...env,
      });
      workers.push(worker);
      return worker;
    },
    /** Kills the catalog, and starts it again where it was. */
    async restartCatalog(): Promise<void> {
      await catalog.stop('SIGKILL');
      catalog = await startCatalog(String(catalog.rpcPort));
      await vi.waitFor(() => rpc.call(catalogRpc.listCategories, {}), { timeout: 10_000 });
    },
    /** Uploads as the gateway does; returns the id of the image. */
    async upload(bytes: Buffer, type: ImageType = 'image/jpeg', to = product): Promise<string> {
      const key = uploadKey(randomUUID());
      await mkdir(join(folder, 'uploads'), { recursive: true });
      await writeFile(join(folder, key), bytes);
      const upload = { key, hash: hashOf(bytes), type, bytes: Math.max(1, bytes.length) };
      return (await rpc.call(catalogRpc.addImage, { product: to, upload })).id;
    },
    become: (id: string, status: ImageStatus, timeout = 30_000): Promise<Image> =>
      vi.waitFor(
        async () => {
          const now = await image(id);
          if (now.status !== status) throw new Error(`image is ${now.status} ${now.reason ?? ''}, not ${status}`);
          return now;
        },
        { timeout, interval: 25 },
      ),
    /** The keys of all files. */
    files: () => filesIn(folder),
    /** Storage has exactly the files of these images. */
    async hasTheseFiles(images: { hash: string; image: Image }[]): Promise<void> {
      const variants = images.flatMap(({ image }) => image.variants.map(({ url }) => url.slice(1)));
      const wanted = [...images.map(({ hash }) => originalKey(hash)), ...variants];
      await vi.waitFor(async () => expect(await filesIn(folder)).toEqual([...new Set(wanted)].sort()), {
        timeout: 20_000,
        interval: 200,
      });
    },
    async close(): Promise<void> {
      await Promise.all(workers.filter((worker) => worker.isRunning()).map((worker) => worker.stop('SIGKILL')));
      rpc.close();
      await Promise.all([catalog.stop(), asker.stop()]);
      await toRedis.cut();
      redis.disconnect();
      await database.drop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function filesIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  return files.map(({ parentPath, name }) => join(parentPath, name).slice(folder.length + 1)).sort();
}

export const hashOf = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');

export const doneSteps = ({ steps }: Image) => steps.filter(({ doneAt }) => doneAt !== null).map(({ name }) => name);

/** The number of steps this worker has taken. */
export async function stepsTaken({ opsUrl }: ServiceProcess): Promise<number> {
  const text = await (await fetch(`${opsUrl}/metrics`)).text();
  const counts = [...text.matchAll(/^picture_step_seconds_count\{.*\} (\d+)$/gm)];
  return counts.reduce((sum, [, count]) => sum + Number(count), 0);
}
