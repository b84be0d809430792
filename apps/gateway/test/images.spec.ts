import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Problem } from '@shop/contracts/problems';
import { findS3 } from '@shop/kit/testing/s3';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { MAX_BYTES } from '../src/images/uploads.js';
import { beginUpload, expectedUpload, IMAGE, imageOf, openImageShop, PNG, streamOf, type ImageShop } from './upload.js';
import { DESK, Client } from './shop.js';

const s3 = findS3();
if ('missing' in s3) console.warn(`Skipped: uploads are not tested on S3, because ${s3.missing}.`);

const large = Buffer.concat([PNG, randomBytes(MAX_BYTES - PNG.length)]);
/** Status and code of a problem. */
const refusal = async (answer: Promise<{ status: number; body: unknown }>) => {
  const { status, body } = await answer;
  return [status, (body as Problem).code];
};

describe.each(['folder', 's3'] as const)('an upload to storage %s', (kind) => {
  let imageShop: ImageShop;
  let stopS3 = () => Promise.resolve();
  let filesInStorage: () => Promise<string[]>;

  describe.skipIf(kind === 's3' && 'missing' in s3)('while storage is up', () => {
    beforeAll(async () => {
      const server = kind === 's3' && 'start' in s3 ? await s3.start() : undefined;
      if (server) stopS3 = () => server.stop();
      imageShop = await openImageShop(server?.env as Record<string, string> | undefined);
      if (server) imageShop.folder = server.folder;
      filesInStorage = async () => {
        const entries = await readdir(imageShop.folder, { recursive: true, withFileTypes: true });
        return entries.filter((entry) => entry.isFile()).map(({ name }) => `uploads/${name}`);
      };
    });
    afterAll(async () => {
      await imageShop?.stop();
      await stopS3();
    });
    beforeEach(async () => {
      imageShop.taken.length = 0;
      await rm(join(imageShop.folder, 'uploads'), { recursive: true, force: true });
    });

    it.each([
      ['with a Content-Length', () => PNG],
      ['at the maximum size', () => large],
      ['in chunks without Content-Length', () => streamOf(Buffer.concat([PNG, large.subarray(0, 500_000)]))],
      ['byte by byte', () => streamOf(PNG, 1)],
    ] as const)('is stored, hashed and passed to the catalog when sent %s', async (_name, body) => {
      const { status, headers, body: image } = await imageShop.upload(body());
      expect([status, image.id, headers.get('location')]).toEqual([202, IMAGE, `/api/images/${IMAGE}`]);
      const [{ product, upload }] = imageShop.taken as [(typeof imageShop.taken)[0]];
      const stored = await filesInStorage();
      expect([product, stored]).toEqual([DESK, [upload.key]]);
      expect(upload).toEqual({
        key: upload.key,
        ...expectedUpload(await readFile(join(imageShop.folder, upload.key))),
      });
    });

    it.each([
      {},
      { 'content-type': 'application/json' },
      { 'content-type': 'text/plain; x' },
      { 'content-type': '///' },
    ])('is what its bytes say, whatever its header says: %j', async (headers) => {
      expect((await imageShop.upload(PNG, headers as Record<string, string>)).status).toBe(202);
      const text = Buffer.from('{"hello":"world, this is no image at all, whatever it is called"}');
      expect(await refusal(imageShop.upload(text, { ...headers, 'content-type': 'image/png' }))).toEqual([
        ...[415, 'unsupported_media_type'],
      ]);
      expect((await filesInStorage()).length).toBe(1);
    });

    it.each([
      ['jpeg', 'ffd8ffe000104a464946', 202],
      ['webp', '524946460000000057454250', 202],
      ['avif', '0000001c6674797061766966000000006d696631', 202],
      ['avif as second brand', '0000001c667479706d6966310000000061766966', 202],
      ['heic', '00000018667479706865696300000000686569636d696631', 415],
      ['gif', '474946383961', 415],
      ['wave, which is RIFF too', '524946460000000057415645', 415],
      ['svg', Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"><script/></svg>').toString('hex'), 415],
      ['one byte', 'ff', 415],
    ])('is taken or not by its signature: %s', async (_name, hex, status) => {
      expect((await imageShop.upload(Buffer.concat([Buffer.from(hex, 'hex')]))).status).toBe(status);
    });

    it('is refused when it is empty or too large, with or without Content-Length', async () => {
      const more = Buffer.concat([large, Buffer.alloc(1)]);
      expect(await refusal(imageShop.upload(Buffer.alloc(0)))).toEqual([400, 'invalid_request']);
      expect(await refusal(imageShop.upload(streamOf(Buffer.alloc(0))))).toEqual([400, 'invalid_request']);
      expect(await refusal(imageShop.upload(more))).toEqual([413, 'payload_too_large']);
      expect(await refusal(imageShop.upload(streamOf(more)))).toEqual([413, 'payload_too_large']);
      expect([await filesInStorage(), imageShop.taken]).toEqual([[], []]);
    });

    it('leaves no file when the connection breaks off', async () => {
      const cut = await beginUpload(imageShop, large.length, large.subarray(0, 5_000_000));
      if (kind === 'folder') await vi.waitFor(async () => expect((await filesInStorage()).length).toBe(1));
      cut();
      await vi.waitFor(async () => expect(await filesInStorage()).toEqual([]), { timeout: 5000 });
      expect(imageShop.taken).toEqual([]);
      // The next upload still works.
      expect((await imageShop.upload(PNG)).status).toBe(202);
    });
  });
});

describe('an upload', () => {
  let imageShop: ImageShop;
  beforeAll(async () => void (imageShop = await openImageShop()));
  afterAll(() => imageShop.stop());

  it('is refused before the body is read, without staff access or for an unknown product', async () => {
    const post = (cookie: string | undefined, product: string) =>
      fetch(`${imageShop.shop.url}/api/products/${product}/images`, {
        method: 'POST',
        headers: { ...(cookie && { cookie }), 'x-request-id': 'r' },
        body: large,
      }).then(async (response) => [response.status, ((await response.json()) as Problem).code]);
    const ada = await new Client(imageShop.shop).logIn();
    expect(await post(undefined, 'walnut-desk')).toEqual([401, 'login_required']);
    expect(await post(ada.cookie, 'walnut-desk')).toEqual([403, 'forbidden']);
    expect(await post(imageShop.staff.cookie, 'no-such-desk')).toEqual([404, 'not_found']);
    expect(await post(imageShop.staff.cookie, 'No such desk')).toEqual([404, 'not_found']);
    expect(await imageShop.files()).toEqual([]);
  });

  it('passes the alternative text on', async () => {
    const path = '/api/products/walnut-desk/images';
    expect((await imageShop.upload(PNG, {}, `${path}?alt=${encodeURIComponent('From the side')}`)).status).toBe(202);
    expect(imageShop.taken.at(-1)?.alt).toBe('From the side');
    expect(await refusal(imageShop.upload(PNG, {}, `${path}?alt=${'x'.repeat(201)}`))).toEqual([
      400,
      'invalid_request',
    ]);
    expect(await refusal(imageShop.upload(PNG, {}, `${path}?size=1`))).toEqual([400, 'invalid_request']);
  });

  it('is refused with 415 by other routes, also under the internal content type', async () => {
    const inside = { 'content-type': 'application/vnd.shop.image' };
    expect(await refusal(imageShop.upload(PNG, inside, '/api/products'))).toEqual([415, 'unsupported_media_type']);
    expect(await refusal(imageShop.upload(PNG, {}, '/api/products'))).toEqual([415, 'unsupported_media_type']);
  });

  it('is answered soon after its last byte', async () => {
    const times: number[] = [];
    for (let i = 0; i < 20; i++) {
      const startedAt = performance.now();
      await imageShop.upload(PNG);
      times.push(performance.now() - startedAt);
    }
    expect(times.sort((a, b) => a - b)[10]).toBeLessThan(1000);
  });

  it('may take longer than the deadline of other requests', async () => {
    const slow = await openImageShop({ REQUEST_DEADLINE_MS: '300' });
    const body = new ReadableStream({
      async pull(controller) {
        controller.enqueue(PNG);
        await new Promise((resolve) => setTimeout(resolve, 400));
        controller.close();
      },
    });
    expect((await slow.upload(body)).status).toBe(202);
    await slow.stop();
    await imageShop.staff.logIn('sam@example.org');
  });

  it('can be read, ordered and removed by staff only', async () => {
    const { staff, shop } = imageShop;
    shop.catalog.getImage = ({ id }) => ({ ...imageOf(DESK), id });
    shop.catalog.removeImage = () => ({ done: true });
    shop.catalog.orderImages = () => ({ items: [] });
    expect((await staff.get(`/api/images/${IMAGE}`)).status).toBe(200);
    expect((await staff.get('/api/images/nonsense')).status).toBe(404);
    expect((await staff.delete(`/api/images/${IMAGE}`)).status).toBe(204);
    expect((await staff.put('/api/products/walnut-desk/images', { ids: [IMAGE] })).body).toEqual({ items: [] });
    expect((await staff.put('/api/products/walnut-desk/images', { ids: ['x'] })).status).toBe(400);
    const ada = await new Client(shop).logIn();
    for (const answer of [
      await ada.get(`/api/images/${IMAGE}`),
      await ada.delete(`/api/images/${IMAGE}`),
      await ada.put('/api/products/walnut-desk/images', { ids: [] }),
    ])
      expect(answer.status).toBe(403);
  });
});

describe('an upload while storage is down', () => {
  const unavailable = async (imageShop: ImageShop, bytes = 50_000) => {
    const { status, headers, body } = await imageShop.upload<Problem>(large.subarray(0, bytes));
    expect([status, body.code, Number(headers.get('retry-after'))]).toEqual([503, 'unavailable', 1]);
    expect(imageShop.taken).toEqual([]);
    await imageShop.stop();
  };

  it('returns 503 when the folder is a file, while other routes work', async () => {
    const imageShop = await openImageShop({ STORAGE_DIR: import.meta.filename });
    expect((await imageShop.staff.get('/api/products')).status).toBe(200);
    await unavailable(imageShop);
  });

  it('returns 503 when the S3 server is unreachable', async () => {
    const bucket = { S3_BUCKET: 'x', S3_ACCESS_KEY_ID: 'x', S3_SECRET_ACCESS_KEY: 'x' };
    await unavailable(await openImageShop({ ...bucket, STORAGE: 's3', S3_ENDPOINT: 'http://127.0.0.1:1' }));
  });

  it('returns 503 when the disk is full, and leaves no partial file', async (test) => {
    const disk = await mkdtemp(join(tmpdir(), 'shop-test-disk-'));
    const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'shop-test', disk]);
    if (mounted.status !== 0) test.skip('only root may mount the small disk that this needs');
    try {
      const imageShop = await openImageShop({ STORAGE_DIR: disk });
      await unavailable(imageShop, 2_000_000);
      expect(await readdir(join(disk, 'uploads'))).toEqual([]);
    } finally {
      spawnSync('umount', [disk]);
      await rm(disk, { recursive: true, force: true });
    }
  });
});
