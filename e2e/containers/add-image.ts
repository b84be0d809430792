import sharp from 'sharp';
import { expect } from 'vitest';
import type { ShopAt } from '../shop.js';

/** Adds an image as staff, and returns the path of one of its sizes once it is ready. */
export async function addImage(shop: ShopAt, product: string): Promise<string> {
  const staff = await shop.staff();
  const png = await sharp({ create: { width: 80, height: 60, channels: 3, background: 'navy' } })
    .png()
    .toBuffer();
  const sent = await staff.addImage(product, png);
  expect(sent.status).toBe(202);
  const image = sent.headers.get('location')!;
  await expect
    .poll(async () => (await staff.get(image)).body, { timeout: 60_000, interval: 200 })
    .toMatchObject({ status: 'ready' });
  return (await staff.get(image)).body.variants[0].url;
}
