import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Problem } from '@shop/contracts/problems';
import { findS3 } from '@shop/kit/testing/s3';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { MAX_BYTES } from '../src/images/uploads.js';
import {
  beginUpload,
  expectedUpload,
  IMAGE,
  imageOf,
  openPictureShop,
  PNG,
  streamOf,
  type PictureShop,
} from './upload.js';
import { DESK, Visitor } from './shop.js';

const s3 = findS3();
if ('missing' in s3) console.warn(`Skipped: uploads are not tested on S3, because ${s3.missing}.`);

const large = Buffer.concat([PNG, randomBytes(MAX_BYTES - PNG.length)]);
/** The status and the code of a refusal. */
const refusal = async (answer: Promise<{ status: number; body: unknown }>) => {
  const { status, body } = await answer;
  return [status, (body as Problem).code];
};

describe.each(['folder', 's3'] as const)('a picture on its way to a %s', (kind) => {
  let pictures: PictureShop;
  let stopS3 = () => Promise.resolve();
  let filesInStorage: () => Promise<string[]>;

  describe.skipIf(kind === 's3' && 'missing' in s3)('that works', () => {
    beforeAll(async () => {
      const server = kind === 's3' && 'start' in s3 ? await s3.start() : undefined;
      if (server) stopS3 = () => server.stop();
      pictures = await openPictureShop(server?.env as Record<string, string> | undefined);
      if (server) pictures.folder = server.folder;
      filesInStorage = async () => {
        const entries = await readdir(pictures.folder, { recursive: true, withFileTypes: true });
        return entries.filter((entry) => entry.isFile()).map(({ name }) => `uploads/${name}`);
      };
    });
    afterAll(async () => {
      await pictures?.stop();
      await stopS3();
    });
    beforeEach(async () => {
      pictures.taken.length = 0;
      await rm(join(pictures.folder, 'uploads'), { recursive: true, force: true });
    });

    it.each([
      ['of a length told beforehand', () => PNG],
      ['as long as they may be', () => large],
      ['in pieces, of a length that is not told', () => streamOf(Buffer.concat([PNG, large.subarray(0, 500_000)]))],
      ['byte by byte', () => streamOf(PNG, 1)],
    ] as const)('is stored, hashed and handed over: bytes %s', async (_name, body) => {
      const { status, headers, body: image } = await pictures.upload(body());
      expect([status, image.id, headers.get('location')]).toEqual([202, IMAGE, `/api/images/${IMAGE}`]);
      const [{ product, upload }] = pictures.taken as [(typeof pictures.taken)[0]];
      const stored = await filesInStorage();
      expect([product, stored]).toEqual([DESK, [upload.key]]);
      expect(upload).toEqual({ key: upload.key, ...expectedUpload(await readFile(join(pictures.folder, upload.key))) });
    });

    it.each([
      {},
      { 'content-type': 'application/json' },
      { 'content-type': 'text/plain; x' },
      { 'content-type': '///' },
    ])('is what its bytes say, whatever its header says: %j', async (headers) => {
      expect((await pictures.upload(PNG, headers as Record<string, string>)).status).toBe(202);
      const text = Buffer.from('{"hello":"world, this is no picture at all, whatever it is called"}');
      expect(await refusal(pictures.upload(text, { ...headers, 'content-type': 'image/png' }))).toEqual([
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
      expect((await pictures.upload(Buffer.concat([Buffer.from(hex, 'hex')]))).status).toBe(status);
    });

    it('may not be empty, nor too large, whether its length is told or not', async () => {
      const more = Buffer.concat([large, Buffer.alloc(1)]);
      expect(await refusal(pictures.upload(Buffer.alloc(0)))).toEqual([400, 'invalid_request']);
      expect(await refusal(pictures.upload(streamOf(Buffer.alloc(0))))).toEqual([400, 'invalid_request']);
      expect(await refusal(pictures.upload(more))).toEqual([413, 'payload_too_large']);
      expect(await refusal(pictures.upload(streamOf(more)))).toEqual([413, 'payload_too_large']);
      expect([await filesInStorage(), pictures.taken]).toEqual([[], []]);
    });

    it('leaves nothing when it breaks off in the middle', async () => {
      const cut = await beginUpload(pictures, large.length, large.subarray(0, 5_000_000));
      if (kind === 'folder') await vi.waitFor(async () => expect((await filesInStorage()).length).toBe(1));
      cut();
      await vi.waitFor(async () => expect(await filesInStorage()).toEqual([]), { timeout: 5000 });
      expect(pictures.taken).toEqual([]);
      // Nothing hangs: the next one goes through.
      expect((await pictures.upload(PNG)).status).toBe(202);
    });
  });
});

describe('an upload', () => {
  let pictures: PictureShop;
  beforeAll(async () => void (pictures = await openPictureShop()));
  afterAll(() => pictures.stop());

  it('is for staff, and for a product that there is, and says so before it reads the body', async () => {
    const post = (cookie: string | undefined, product: string) =>
      fetch(`${pictures.shop.url}/api/products/${product}/images`, {
        method: 'POST',
        headers: { ...(cookie && { cookie }), 'x-request-id': 'r' },
        body: large,
      }).then(async (response) => [response.status, ((await response.json()) as Problem).code]);
    const ada = await new Visitor(pictures.shop).logIn();
    expect(await post(undefined, 'walnut-desk')).toEqual([401, 'login_required']);
    expect(await post(ada.cookie, 'walnut-desk')).toEqual([403, 'forbidden']);
    expect(await post(pictures.staff.cookie, 'no-such-desk')).toEqual([404, 'not_found']);
    expect(await post(pictures.staff.cookie, 'No such desk')).toEqual([404, 'not_found']);
    expect(await pictures.files()).toEqual([]);
  });

  it('carries what it shows', async () => {
    const path = '/api/products/walnut-desk/images';
    expect((await pictures.upload(PNG, {}, `${path}?alt=${encodeURIComponent('From the side')}`)).status).toBe(202);
    expect(pictures.taken.at(-1)?.alt).toBe('From the side');
    expect(await refusal(pictures.upload(PNG, {}, `${path}?alt=${'x'.repeat(201)}`))).toEqual([400, 'invalid_request']);
    expect(await refusal(pictures.upload(PNG, {}, `${path}?size=1`))).toEqual([400, 'invalid_request']);
  });

  it('is refused by what is not its route, however it is called', async () => {
    const inside = { 'content-type': 'application/vnd.shop.image' };
    expect(await refusal(pictures.upload(PNG, inside, '/api/products'))).toEqual([415, 'unsupported_media_type']);
    expect(await refusal(pictures.upload(PNG, {}, '/api/products'))).toEqual([415, 'unsupported_media_type']);
  });

  it('is answered quickly after its last byte', async () => {
    const times: number[] = [];
    for (let i = 0; i < 20; i++) {
      const startedAt = performance.now();
      await pictures.upload(PNG);
      times.push(performance.now() - startedAt);
    }
    expect(times.sort((a, b) => a - b)[10]).toBeLessThan(1000);
  });

  it('may take longer than other requests may', async () => {
    const slow = await openPictureShop({ REQUEST_DEADLINE_MS: '300' });
    const body = new ReadableStream({
      async pull(controller) {
        controller.enqueue(PNG);
        await new Promise((resolve) => setTimeout(resolve, 400));
        controller.close();
      },
    });
    expect((await slow.upload(body)).status).toBe(202);
    await slow.stop();
    await pictures.staff.logIn('sam@example.org');
  });

  it('can be looked at, put in order and removed by staff only', async () => {
    const { staff, shop } = pictures;
    shop.catalog.getImage = ({ id }) => ({ ...imageOf(DESK), id });
    shop.catalog.removeImage = () => ({ done: true });
    shop.catalog.orderImages = () => ({ items: [] });
    expect((await staff.get(`/api/images/${IMAGE}`)).status).toBe(200);
    expect((await staff.get('/api/images/nonsense')).status).toBe(404);
    expect((await staff.delete(`/api/images/${IMAGE}`)).status).toBe(204);
    expect((await staff.put('/api/products/walnut-desk/images', { ids: [IMAGE] })).body).toEqual({ items: [] });
    expect((await staff.put('/api/products/walnut-desk/images', { ids: ['x'] })).status).toBe(400);
    const ada = await new Visitor(shop).logIn();
    for (const answer of [
      await ada.get(`/api/images/${IMAGE}`),
      await ada.delete(`/api/images/${IMAGE}`),
      await ada.put('/api/products/walnut-desk/images', { ids: [] }),
    ])
      expect(answer.status).toBe(403);
  });
});

describe('a storage', () => {
  const unavailable = async (pictures: PictureShop, bytes = 50_000) => {
    const { status, headers, body } = await pictures.upload<Problem>(large.subarray(0, bytes));
    expect([status, body.code, Number(headers.get('retry-after'))]).toEqual([503, 'unavailable', 1]);
    expect(pictures.taken).toEqual([]);
    await pictures.stop();
  };

  it('that is no folder is unavailable, and the shop goes on', async () => {
    const pictures = await openPictureShop({ STORAGE_DIR: import.meta.filename });
    expect((await pictures.staff.get('/api/products')).status).toBe(200);
    await unavailable(pictures);
  });

  it('that is an S3 server which is away is unavailable', async () => {
    const bucket = { S3_BUCKET: 'x', S3_ACCESS_KEY_ID: 'x', S3_SECRET_ACCESS_KEY: 'x' };
    await unavailable(await openPictureShop({ ...bucket, STORAGE: 's3', S3_ENDPOINT: 'http://127.0.0.1:1' }));
  });

  it('that is full is unavailable, and keeps nothing of what did not fit', async (test) => {
    const disk = await mkdtemp(join(tmpdir(), 'shop-test-disk-'));
    const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'shop-test', disk]);
    if (mounted.status !== 0) test.skip('only root may mount the small disk that this needs');
    try {
      const pictures = await openPictureShop({ STORAGE_DIR: disk });
      await unavailable(pictures, 2_000_000);
      expect(await readdir(join(disk, 'uploads'))).toEqual([]);
    } finally {
      spawnSync('umount', [disk]);
      await rm(disk, { recursive: true, force: true });
    }
  });
});
