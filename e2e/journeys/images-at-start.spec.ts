// The demo shop uploads and processes its images at its first start, and serves meanwhile.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ProductSummary } from '@shop/contracts/products';
import { followImages } from '@shop/tools/images-progress';
import { expect, onTestFinished, test, vi } from 'vitest';
import { startShop } from '../shop.js';

const PRODUCTS = 4;

test('every demo product gets an image of its own through the whole pipeline, and progress is reported', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'shop-test-start-'));
  const env = { SEED_IMAGES: 'on', SEED_PRODUCTS: String(PRODUCTS), STORAGE_DIR: folder };
  const shop = await startShop({ env });
  onTestFinished(async () => {
    vi.restoreAllMocks();
    await shop.stop();
    await rm(folder, { recursive: true, force: true });
  });
  const images = async () => {
    const { items } = (await (await fetch(`${shop.url}/api/products`)).json()) as { items: ProductSummary[] };
    expect(items).toHaveLength(PRODUCTS);
    return items.map(({ image }) => image);
  };
  // The start does not wait for the images.
  expect((await images()).every((image) => image !== null)).toBe(false);

  const told: string[] = [];
  vi.spyOn(console, 'log').mockImplementation((line: string) => void told.push(line.trim()));
  const following = followImages(shop.opsUrl, AbortSignal.timeout(60_000), 100);
  await vi.waitFor(async () => expect(await images()).not.toContain(null), { timeout: 60_000, interval: 200 });
  await following;
  expect(told.at(-1)).toBe(`Images: ${PRODUCTS} of ${PRODUCTS}`);

  const urls = (await images()).map((image) => image!.variants[0]!.url);
  expect(new Set(urls).size).toBe(PRODUCTS);
  for (const url of urls) expect((await fetch(shop.url + url)).status).toBe(200);
}, 120_000);
