import { createHash, randomBytes } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { mediaKey, originalKey, uploadKey } from '@shop/contracts/images';
import type { Problem } from '@shop/contracts/problems';
import { findS3 } from '@shop/kit/testing/s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openImageShop, type ImageShop } from './upload.js';

const s3 = findS3();
if ('missing' in s3) console.warn(`Skipped: images are not served from S3, because ${s3.missing}.`);

const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');
const bytes = randomBytes(100_000);
const image = sha256(Buffer.from('image'));
const key = mediaKey(image, sha256(bytes), 'webp');

describe.each(['folder', 's3'] as const)('an image file in storage %s', (kind) => {
  describe.skipIf(kind === 's3' && 'missing' in s3)('', () => {
    let imageShop: ImageShop;
    let stopS3 = () => Promise.resolve();
    beforeAll(async () => {
      const server = kind === 's3' && 'start' in s3 ? await s3.start() : undefined;
      if (server) stopS3 = () => server.stop();
      imageShop = await openImageShop(server?.env as Record<string, string> | undefined);
      const folder = server?.folder ?? imageShop.folder;
      for (const one of [key, originalKey(image), uploadKey('secret'), 'media/secret.webp']) {
        await mkdir(dirname(join(folder, one)), { recursive: true });
        await writeFile(join(folder, one), bytes);
      }
    });
    afterAll(async () => {
      await imageShop?.stop();
      await stopS3();
    });

    const get = (headers: Record<string, string> = {}, method = 'GET', path = `/${key}`) =>
      fetch(imageShop.shop.url + path, { method, headers });

    it('is immutable for a year and has the type of its extension', async () => {
      const response = await get();
      expect(response.status).toBe(200);
      expect(Buffer.from(await response.arrayBuffer()).equals(bytes)).toBe(true);
      expect(Object.fromEntries(response.headers)).toMatchObject({
        'content-type': 'image/webp',
        'content-length': '100000',
        'cache-control': 'public, max-age=31536000, immutable',
        'x-content-type-options': 'nosniff',
        'accept-ranges': 'bytes',
        etag: `"${sha256(bytes).slice(0, 16)}"`,
      });
    });

    it('is not sent again with a matching ETag, nor in response to HEAD', async () => {
      const etag = `"${sha256(bytes).slice(0, 16)}"`;
      for (const tag of [etag, `W/${etag}`, `"other", ${etag}`, '*']) {
        const response = await get({ 'if-none-match': tag });
        expect([response.status, response.headers.get('etag')]).toEqual([304, etag]);
        expect(response.headers.get('cache-control')).toContain('immutable');
      }
      expect((await get({ 'if-none-match': '"other"' })).status).toBe(200);
      const head = await get({}, 'HEAD');
      expect([head.status, head.headers.get('content-length')]).toEqual([200, '100000']);
      expect((await head.arrayBuffer()).byteLength).toBe(0);
    });

    it.each([
      ['bytes=0-9', 0, 9],
      ['bytes=99990-', 99_990, 99_999],
      ['bytes=-5', 99_995, 99_999],
      ['bytes=50000-200000', 50_000, 99_999],
    ])('is sent in parts: %s', async (range, start, end) => {
      const response = await get({ range });
      expect([response.status, response.headers.get('content-range')]).toEqual([206, `bytes ${start}-${end}/100000`]);
      expect(response.headers.get('content-length')).toBe(String(end - start + 1));
      expect(Buffer.from(await response.arrayBuffer()).equals(bytes.subarray(start, end + 1))).toBe(true);
    });

    it('is sent as a whole for an invalid range, another If-Range, or several ranges', async () => {
      const headers = [
        { range: 'bytes=0-1,5-6' },
        { range: 'lines=0-1' },
        { range: 'bytes' },
        { range: 'bytes=0-9', 'if-range': '"other"' },
      ];
      for (const some of headers) {
        const response = await get(some as Record<string, string>);
        expect([response.status, (await response.arrayBuffer()).byteLength]).toEqual([200, 100_000]);
      }
      const same = { range: 'bytes=0-9', 'if-range': `"${sha256(bytes).slice(0, 16)}"` };
      expect((await get(same)).status).toBe(206);
    });

    it('returns 416 for a range beyond its end', async () => {
      const response = await get({ range: 'bytes=100000-' });
      expect([response.status, response.headers.get('content-range')]).toEqual([416, 'bytes */100000']);
      expect(((await response.json()) as Problem).code).toBe('range_not_satisfiable');
    });

    it.each([
      `/${mediaKey(sha256(Buffer.from('none')), sha256(bytes), 'webp')}`,
      `/${key.replace('webp', 'avif')}`,
      `/${key.replace('media/', 'media/../originals/')}`,
      `/media/..%2foriginals%2f${image}`,
      `/media/..%2foriginals/${image}`,
      `/media/%2e%2e/${originalKey(image)}`,
      `/media/${uploadKey('secret')}`,
      `/media/${image.slice(0, 16)}/..%2f..%2foriginals%2f${image}`,
      `/${key}%00`,
      `/${key}/`,
      `/${key.toUpperCase().replace('MEDIA', 'media')}`,
      '/media/secret.webp',
      '/media/',
      `/${originalKey(image)}`,
      `/${uploadKey('secret')}`,
    ])('is the only kind of file there is: not %s', async (path) => {
      const response = await get({}, 'GET', path);
      expect([response.status, ((await response.json()) as Problem).code]).toEqual([404, 'not_found']);
      expect(response.headers.get('cache-control')).toBe('no-store');
    });

    it('cannot be written over HTTP', async () => {
      const response = await get({}, 'PUT');
      expect([response.status, response.headers.get('allow')]).toEqual([405, 'GET, HEAD']);
    });
  });
});

it('an image file returns 503 while storage is down', async () => {
  const bucket = { S3_BUCKET: 'x', S3_ACCESS_KEY_ID: 'x', S3_SECRET_ACCESS_KEY: 'x' };
  const imageShop = await openImageShop({ ...bucket, STORAGE: 's3', S3_ENDPOINT: 'http://127.0.0.1:1' });
  const response = await fetch(`${imageShop.shop.url}/${key}`);
  expect([response.status, response.headers.get('retry-after')]).toEqual([503, '1']);
  await imageShop.stop();
});
