// Catalog, image worker and optionally the gateway, each as a process, with images added as the gateway does.
import { createHash, randomUUID } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { catalogRpc } from '@shop/contracts/catalog';
import { uploadKey } from '@shop/contracts/images';
import { Rpc } from '@shop/rpc/rpc';
import { startStores } from '@shop/tools/stores/stores';
import { startApp, type ShopApp } from './shop-app.ts';

export type ImageShop = Awaited<ReturnType<typeof openImageShop>>;

export async function openImageShop() {
  const dir = mkdtempSync(join(tmpdir(), 'shop-bench-'));
  const storage = join(dir, 'storage');
  mkdirSync(join(storage, 'uploads'), { recursive: true });
  const stores = await startStores(dir, {});
  const apps: ShopApp[] = [];
  const start = async (name: string, env: NodeJS.ProcessEnv = {}) => {
    const app = await startApp(name, { ...stores.env, STORAGE_DIR: storage, NODE_ENV: 'production', ...env }, dir);
    apps.push(app);
    return app;
  };
  const catalog = await start('catalog', { SEED: 'demo' });
  const addresses = { CATALOG_ADDRESSES: catalog.rpcAddress };
  const worker = await start('image-worker', addresses);
  const rpc = new Rpc({ addresses: { catalog: catalog.rpcAddress } });
  const { body } = await rpc.call(catalogRpc.listProducts, { limit: 100 });
  const products = (JSON.parse(body.toString()) as { items: { id: string }[] }).items.map(({ id }) => id);
  let next = 0;

  return {
    ...{ dir, storage, catalog, worker, products },
    startGateway: () => start('gateway', { ...addresses, RATE_LIMITS: 'off' }),
    /** Resolves to the image's id. */
    async add(bytes: Buffer): Promise<string> {
      const key = uploadKey(randomUUID());
      await writeFile(join(storage, key), bytes);
      const hash = createHash('sha256').update(bytes).digest('hex');
      const upload = { key, hash, type: 'image/jpeg' as const, bytes: bytes.length };
      const product = products[next++ % products.length]!;
      return (await rpc.call(catalogRpc.addImage, { product, upload })).id;
    },
    async ready(ids: string[]): Promise<void> {
      for (const id of ids)
        for (;;) {
          const { status, reason } = await rpc.call(catalogRpc.getImage, { id });
          if (status === 'ready') break;
          if (status === 'failed') throw new Error(reason);
          await sleep(100); // polling costs CPU too
        }
    },
    async close(): Promise<void> {
      rpc.close();
      await Promise.all(apps.map(({ stop }) => stop()));
      await stores.stop();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}
