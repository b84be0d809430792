// Uploads over slow or broken connections.
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { request as httpRequest } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { findS3 } from '@shop/kit/testing/s3';
import { describe, expect, it, test, vi } from 'vitest';
import { MAX_BYTES } from '../src/images/uploads.js';
import { openImageShop, PNG, trickle, type ImageShop } from './upload.js';

const s3 = findS3();
if ('missing' in s3) console.warn(`Skipped: uploads to S3 are not timed, because ${s3.missing}.`);

const large = Buffer.concat([PNG, randomBytes(MAX_BYTES - PNG.length)]);

/** Milliseconds from the last byte to the response. */
async function afterLastByte({ shop, staff }: ImageShop): Promise<number> {
  const upload = httpRequest(`${shop.url}/api/products/walnut-desk/images`, {
    method: 'POST',
    headers: { cookie: staff.cookie!, 'content-length': large.length },
  });
  await new Promise<void>((resolve) => upload.write(large.subarray(0, -1), () => resolve()));
  await sleep(200); // until buffered bytes have arrived
  const startedAt = performance.now();
  upload.end(large.subarray(-1));
  const [{ statusCode }] = (await once(upload, 'response')) as [{ statusCode: number }];
  expect(statusCode).toBe(202);
  return performance.now() - startedAt;
}

describe.each(['folder', 's3'] as const)('an upload to storage %s', (kind) => {
  it.skipIf(kind === 's3' && 'missing' in s3)('of 20 MB is answered milliseconds after its last byte', async () => {
    const server = kind === 's3' && 'start' in s3 ? await s3.start() : undefined;
    const imageShop = await openImageShop(server?.env as Record<string, string> | undefined);
    const times: number[] = [];
    for (let i = 0; i < 5; i++) times.push(await afterLastByte(imageShop));
    expect(times.sort((a, b) => a - b)[2]).toBeLessThan(1000);
    await imageShop.stop();
    await server?.stop();
  });
});

test('a body that trickles in is cut off with a problem, and nothing of it is stored', async () => {
  const imageShop = await openImageShop({ REQUEST_RECEIVE_MS: '600' });
  const { answer, closed } = trickle(imageShop, MAX_BYTES, 100);
  const startedAt = performance.now();
  await closed;
  expect(performance.now() - startedAt).toBeLessThan(5000);
  expect(answer()).toMatch(/^HTTP\/1.1 408 /);
  expect(answer()).toContain('did not come to its end in time');
  await vi.waitFor(async () => expect(await imageShop.files()).toEqual([]));
  expect(imageShop.taken).toEqual([]);
  await imageShop.stop();
});
