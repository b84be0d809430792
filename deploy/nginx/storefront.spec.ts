// Public pages of the storefront are cached, private ones are not.
import { request } from 'node:http';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Edge } from '@shop/tools/edge/edge';
import { describeWithNginx, edgeFor } from '@shop/tools/edge/testing';
import { FakeGateway } from './fake-gateway.ts';

describeWithNginx('pages of the storefront', () => {
  let gateway: FakeGateway;
  let edge: Edge;

  beforeAll(async () => {
    gateway = await FakeGateway.start('one');
    edge = await edgeFor([gateway]);
  });
  afterAll(async () => {
    await gateway?.close();
  });

  const page = (path: string, host: string) =>
    new Promise<{ body: string; cache: unknown }>((resolve, reject) => {
      request(edge.url + path, { headers: { host, cookie: 'session=mine' } }, (response) => {
        let body = '';
        response.on('data', (chunk) => (body += String(chunk)));
        response.on('end', () => resolve({ body, cache: response.headers['x-cache'] }));
      })
        .on('error', reject)
        .end();
    });

  test.each([
    '/',
    '/products',
    '/products/mug?from=mail',
    '/categories/kitchen',
    '/sitemap.xml',
    '/sitemaps/light.xml',
  ])('%s is copied, asked for without a cookie, and apart for each name of the shop', async (path) => {
    gateway.answer = ({ headers }, response) =>
      void response
        .writeHead(200, { 'cache-control': 'public, max-age=60', 'content-type': 'text/html' })
        .end(`${headers.host} ${headers.cookie}`);
    expect(await page(path, 'shop.example')).toEqual({ body: 'shop.example undefined', cache: 'MISS' });
    expect(await page(path, 'shop.example')).toEqual({ body: 'shop.example undefined', cache: 'HIT' });
    expect(await page(path, 'evil.example')).toEqual({ body: 'evil.example undefined', cache: 'MISS' });
  });

  test.each(['/cart', '/orders/1', '/manage/products', '/account'])('%s is private', async (path) => {
    gateway.answer = ({ headers }, response) => void response.end(headers.cookie);
    expect(await page(path, 'shop.example')).toEqual({ body: 'session=mine', cache: undefined });
  });
});
