// A slow storage does not slow down other requests.
import { randomUUID } from 'node:crypto';
import { catalogRpc } from '@shop/contracts/catalog';
import { findS3 } from '@shop/kit/testing/s3';
import { ToxicProxy } from '@shop/kit/testing/toxic-proxy';
import { expect, onTestFinished, test } from 'vitest';
import { newProduct, openSetup } from './images-under-test.js';

const s3 = findS3();
if ('missing' in s3) console.warn(`Skipped: no catalog with a slow S3, because ${s3.missing}.`);

test.skipIf('missing' in s3)('a dozen uploads to a slow storage leave database connections for shoppers', async () => {
  if (!('start' in s3)) return;
  const server = await s3.start();
  const proxy = await ToxicProxy.toUrl(server.env['S3_ENDPOINT']!);
  const setup = await openSetup(server);
  onTestFinished(async () => {
    await setup.close();
    await proxy.cut();
    await server.stop();
  });
  const catalog = await setup.start({ S3_ENDPOINT: proxy.through(server.env['S3_ENDPOINT']!) });
  await catalog.rpc.call(catalogRpc.createCategory, { slug: 'desk', name: 'Desk' });
  const products = await Promise.all(Array.from({ length: 12 }, () => newProduct(catalog.rpc)));
  const uploads = await Promise.all(products.map(() => setup.upload(randomUUID())));

  proxy.slowDown(500);
  let isOver = false;
  const adding = Promise.all(
    uploads.map((upload, i) => catalog.rpc.call(catalogRpc.addImage, { product: products[i]!.id, upload })),
  ).finally(() => (isOver = true));
  adding.catch(() => undefined);
  let slowest = 0;
  while (!isOver) {
    const startedAt = performance.now();
    await catalog.rpc.call(catalogRpc.priceProducts, { products: [products[0]!.id] });
    slowest = Math.max(slowest, performance.now() - startedAt);
  }
  await adding;
  // Less than one call to storage takes.
  expect(slowest).toBeLessThan(1000);
});
