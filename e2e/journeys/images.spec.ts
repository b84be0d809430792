// An image's way through the shop: uploaded by staff, processed, shown to shoppers, removed.
import type { Image } from '@shop/contracts/images';
import { findS3, type S3Server } from '@shop/kit/testing/s3';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { startShop, type Shop } from '../shop.js';
import type { Shopper } from '../shopper.js';

const s3 = findS3();
if ('missing' in s3) console.warn(`Skipped: no image travels through S3, because ${s3.missing}.`);

describe.each(['folder', 's3'] as const)('an image in a %s', (kind) => {
  describe.skipIf(kind === 's3' && 'missing' in s3)('', () => {
    let server: S3Server | undefined;
    let shop: Shop;
    let staff: Shopper;

    beforeAll(async () => {
      server = kind === 's3' && 'start' in s3 ? await s3.start() : undefined;
      shop = await startShop({ env: server?.env });
      staff = await shop.staff();
    });
    afterAll(async () => {
      await shop?.stop();
      await server?.stop();
    });

    const upload = async (product: string, body: Buffer) => {
      const { status, headers, body: image } = await staff.addImage(product, body);
      return { status, location: headers.get('location')!, body: image as Image };
    };
    const ended = (location: string) =>
      vi.waitFor(
        async () => {
          const { body } = await staff.get(location);
          expect(['ready', 'failed']).toContain(body.status);
          return body as Image;
        },
        { timeout: 30_000, interval: 100 },
      );
    const png = (color: string, width: number, height: number) =>
      sharp({ create: { width, height, channels: 3, background: color } })
        .png()
        .toBuffer();

    test('is shown in every size, found by its tags, and gone when it is removed', async () => {
      const { items } = (await staff.get('/api/products?limit=2')).body as { items: { id: string; slug: string }[] };
      const [{ id, slug }, other] = items as [(typeof items)[0], (typeof items)[0]];
      const before = (await staff.get(`/api/products/${slug}`)).body;
      const bytes = await png('#000080', 1000, 500);
      const accepted = await upload(slug, bytes);
      expect([accepted.status, accepted.location]).toEqual([202, `/api/images/${accepted.body.id}`]);
      const image = await ended(accepted.location);
      expect([image.status, image.tags.includes('navy')]).toEqual(['ready', true]);

      const shown = await vi.waitFor(async () => {
        const { body } = await staff.get(`/api/products/${slug}`);
        expect(body.images).toHaveLength(1);
        return body;
      });
      expect([shown.version, shown.updatedAt]).toEqual([before.version, before.updatedAt]);
      const { variants } = shown.images[0] as Pick<Image, 'variants'>;
      expect(variants).toEqual(image.variants);
      for (const { url, type, width, height } of variants) {
        const response = await fetch(shop.url + url);
        expect([response.status, response.headers.get('content-type')]).toEqual([200, type]);
        const { width: w, height: h } = await sharp(await response.arrayBuffer()).metadata();
        expect([w, h]).toEqual([width, height]);
      }
      const found = (await staff.get('/api/products?tag=navy&limit=100')).body.items as { id: string; image: object }[];
      expect(found.find((item) => item.id === id)?.image).toBeTruthy();

      const shared = await upload(other.slug, bytes);
      expect(shared.body).toEqual({ ...image, id: shared.body.id, productId: other.id });
      expect((await upload(slug, bytes)).body.id).toBe(image.id);

      expect((await staff.send('DELETE', `/api/images/${image.id}`)).status).toBe(204);
      expect((await staff.send('DELETE', `/api/images/${image.id}`)).status).toBe(404);
      await vi.waitFor(async () => expect((await staff.get(`/api/products/${slug}`)).body.images).toEqual([]));
      expect((await fetch(shop.url + variants[0]!.url)).status).toBe(200);
    });

    test('that is corrupt fails with a reason', async () => {
      const bytes = (await png('#ff0000', 300, 300)).subarray(0, 60);
      const { items } = (await staff.get('/api/products?limit=1')).body as { items: { slug: string }[] };
      const { status, reason } = await ended((await upload(items[0]!.slug, bytes)).location);
      expect([status, typeof reason]).toEqual(['failed', 'string']);
    });
  });
});
