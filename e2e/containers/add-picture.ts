import sharp from 'sharp';
import { expect } from 'vitest';
import { Shopper } from '../shopper.js';

/** Staff add a picture; answers the path of one of its sizes, once there is one. */
export async function addPicture(url: string, product: string): Promise<string> {
  const staff = new Shopper(url, { email: 'staff@shop.test', password: 'staff-password' });
  const cookie = (await staff.logIn()).headers.getSetCookie()[0]!.split(';')[0]!;
  const png = await sharp({ create: { width: 80, height: 60, channels: 3, background: 'navy' } })
    .png()
    .toBuffer();
  const body = new Uint8Array(png);
  const sent = await fetch(`${url}/api/products/${product}/images`, { method: 'POST', headers: { cookie }, body });
  expect(sent.status).toBe(202);
  const image = sent.headers.get('location')!;
  await expect
    .poll(async () => (await staff.get(image)).body, { timeout: 60_000, interval: 200 })
    .toMatchObject({ status: 'ready' });
  return (await staff.get(image)).body.variants[0].url;
}
