// The demo shop uploads and processes its images when it is started for the first time, and serves meanwhile.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ProductSummary } from '@shop/contracts/products';
import { followPictures } from '@shop/tools/pictures-progress';
import { freePort } from '@shop/tools/ports';
import { startProcess } from '@shop/tools/service-process';
import { expect, onTestFinished, test, vi } from 'vitest';
import { freshShop } from '../fresh-shop.js';

const PRODUCTS = 4;

test('every demo product gets an image of its own through the whole pipeline, and progress is reported', async () => {
  const shop = await freshShop(13);
  const folder = await mkdtemp(join(tmpdir(), 'shop-test-start-'));
  const [port, opsPort] = [await freePort(), await freePort()];
  const [door, opsUrl] = [`http://127.0.0.1:${port}`, `http://127.0.0.1:${opsPort}`];
  const seeded = { SEED_IMAGES: 'on', SEED_PRODUCTS: String(PRODUCTS), STORAGE_DIR: folder };
  const all = startProcess({
    app: 'all',
    label: 'all',
    env: { ...shop.env, ...seeded, PORT: String(port), OPS_PORT: String(opsPort) },
    opsUrl,
    logFile: join(shop.logDir, 'all.log'),
  });
  onTestFinished(async () => {
    vi.restoreAllMocks();
    await all.stop();
    await shop.remove();
    await rm(folder, { recursive: true, force: true });
  });
  await all.ready();
  const images = async () => {
    const { items } = (await (await fetch(`${door}/api/products`)).json()) as { items: ProductSummary[] };
    expect(items).toHaveLength(PRODUCTS);
    return items.map(({ image }) => image);
  };
  // It does not wait for them.
  expect((await images()).every((image) => image !== null)).toBe(false);

  const told: string[] = [];
  vi.spyOn(console, 'log').mockImplementation((line: string) => void told.push(line.trim()));
  const following = followPictures(opsUrl, AbortSignal.timeout(60_000), 100);
  await vi.waitFor(async () => expect(await images()).not.toContain(null), { timeout: 60_000, interval: 200 });
  await following;
  expect(told.at(-1)).toBe(`Pictures: ${PRODUCTS} of ${PRODUCTS}`);

  const urls = (await images()).map((image) => image!.variants[0]!.url);
  expect(new Set(urls).size).toBe(PRODUCTS);
  for (const url of urls) expect((await fetch(door + url)).status).toBe(200);
}, 120_000);
