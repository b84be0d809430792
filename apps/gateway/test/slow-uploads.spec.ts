// Uploads as they come from far away: slowly, or never to their end.
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { request as httpRequest } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { findS3 } from '@shop/kit/testing/s3';
import { describe, expect, it, test, vi } from 'vitest';
import { MAX_BYTES } from '../src/images/uploads.js';
import { openPictureShop, PNG, trickle, type PictureShop } from './upload.js';

const s3 = findS3();
if ('missing' in s3) console.warn(`Skipped: uploads to S3 are not timed, because ${s3.missing}.`);

const large = Buffer.concat([PNG, randomBytes(MAX_BYTES - PNG.length)]);

/** Milliseconds from the last byte to the answer. */
async function afterLastByte({ shop, staff }: PictureShop): Promise<number> {
  const upload = httpRequest(`${shop.url}/api/products/walnut-desk/images`, {
    method: 'POST',
    headers: { cookie: staff.cookie!, 'content-length': large.length },
  });
  await new Promise<void>((resolve) => upload.write(large.subarray(0, -1), () => resolve()));
  await sleep(200); // what lies in sockets arrives
  const startedAt = performance.now();
  upload.end(large.subarray(-1));
  const [{ statusCode }] = (await once(upload, 'response')) as [{ statusCode: number }];
  expect(statusCode).toBe(202);
  return performance.now() - startedAt;
}

describe.each(['folder', 's3'] as const)('to a %s', (kind) => {
  it.skipIf(kind === 's3' && 'missing' in s3)('20 MB are answered milliseconds after their last byte', async () => {
    const server = kind === 's3' && 'start' in s3 ? await s3.start() : undefined;
    const pictures = await openPictureShop(server?.env as Record<string, string> | undefined);
    const times: number[] = [];
    for (let i = 0; i < 5; i++) times.push(await afterLastByte(pictures));
    expect(times.sort((a, b) => a - b)[2]).toBeLessThan(1000);
    await pictures.stop();
    await server?.stop();
  });
});

test('a body that trickles in is cut off, with a word, and nothing of it stays', async () => {
  const pictures = await openPictureShop({ REQUEST_RECEIVE_MS: '600' });
  const { answer, closed } = trickle(pictures, MAX_BYTES, 100);
  const startedAt = performance.now();
  await closed;
  expect(performance.now() - startedAt).toBeLessThan(5000);
  expect(answer()).toMatch(/^HTTP\/1.1 408 /);
  expect(answer()).toContain('did not come to its end in time');
  await vi.waitFor(async () => expect(await pictures.files()).toEqual([]));
  expect(pictures.taken).toEqual([]);
  await pictures.stop();
});
