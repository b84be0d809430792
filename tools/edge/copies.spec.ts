import { request, type IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import type { Edge } from './edge.ts';
import { describeWithNginx, edgeFor, FakeGateway } from './edge-under-test.ts';

/** As the gateway says it of what is the same for everybody. */
const PUBLIC = 'public, max-age=1, stale-while-revalidate=1, stale-if-error=86400';

describeWithNginx('copies at the edge', () => {
  let gateway: FakeGateway;
  let edge: Edge;
  let version: number;
  let path: string;
  let tests = 0;

  beforeAll(async () => {
    gateway = await FakeGateway.start('only');
    edge = await edgeFor([gateway]);
  });
  beforeEach(() => {
    gateway.seen.length = 0;
    version = 1;
    path = `/api/products/p${++tests}`;
    gateway.answer = ({ headers }, response) => {
      const etag = `"v${version}"`;
      response.setHeader('cache-control', PUBLIC).setHeader('etag', etag);
      if (headers['if-none-match'] === etag) response.writeHead(304).end();
      else response.end(`version ${version}`);
    };
  });
  afterAll(() => gateway.close());

  const get = async (address = path, headers: Record<string, string> = {}) => {
    const { hostname, port } = new URL(edge.url);
    const sent = request({ hostname, port, path: address, headers });
    sent.end();
    const response = await new Promise<IncomingMessage>((resolve) => sent.once('response', resolve));
    return { status: response.statusCode, body: await text(response), cache: response.headers['x-cache'], ...response };
  };

  test('are served without asking for as long as their owner says', async () => {
    expect(await get()).toMatchObject({ body: 'version 1', cache: 'MISS' });
    expect(await get()).toMatchObject({ body: 'version 1', cache: 'HIT' });
    expect(gateway.seen).toHaveLength(1);
  });

  test('a change is seen everywhere within two seconds, also under load', async () => {
    await get();
    version = 2;
    const changedAt = performance.now();
    await vi.waitUntil(async () => (await get()).body === 'version 2', { interval: 20, timeout: 5000 });
    expect(performance.now() - changedAt).toBeLessThan(2500);
  });

  test('are asked for once, however many want them at once', async () => {
    gateway.answer = (_, response) => {
      response.setHeader('cache-control', PUBLIC);
      setTimeout(() => response.end('slowly made'), 200);
    };
    const answers = await Promise.all(Array.from({ length: 200 }, () => get()));
    expect(new Set(answers.map(({ body }) => body))).toEqual(new Set(['slowly made']));
    expect(gateway.seen).toHaveLength(1);
  });

  test('that are a little old are served while one visitor fetches the new one, which costs little when it is the same', async () => {
    // nginx counts whole seconds: from the start of one, it is clear what two seconds later is.
    await vi.waitUntil(() => Date.now() % 1000 < 50, { interval: 5, timeout: 2000 });
    await get();
    await sleep(2100);
    const answers = await Promise.all(Array.from({ length: 20 }, () => get()));
    expect(answers.every(({ body }) => body === 'version 1')).toBe(true);
    const caches = answers.map(({ cache }) => cache);
    expect(caches.filter((cache) => cache === 'REVALIDATED')).toHaveLength(1);
    expect(caches).toContain('UPDATING');
    expect(gateway.seen).toHaveLength(2);
    expect(gateway.seen[1]!.headers['if-none-match']).toBe('"v1"');
  });

  test('that were left alone are not served again while their owner is well', async () => {
    await get();
    version = 2;
    await sleep(2100);
    expect(await get()).toMatchObject({ body: 'version 2', cache: 'EXPIRED' });
  });

  test('are served while their owner is away, and no longer once it is back', async () => {
    await get();
    await gateway.close();
    await sleep(3100); // stale-while-revalidate is over too
    expect(await get()).toMatchObject({ status: 200, body: 'version 1', cache: 'STALE' });
    expect(await get('/api/products/never-seen')).toMatchObject({ status: 503 });
    version = 2;
    await gateway.open();
    await vi.waitUntil(async () => (await get()).body === 'version 2', { timeout: 10_000 });
  });

  test('are served while their owner answers with errors', async () => {
    await get();
    gateway.answer = (_, response) => void response.writeHead(503, { 'cache-control': 'no-store' }).end('{}');
    await sleep(3100);
    expect(await get()).toMatchObject({ status: 200, body: 'version 1', cache: 'STALE' });
    expect(await get('/api/products/never-seen')).toMatchObject({ status: 503, body: '{}' });
  });

  test('answer 304 to a browser that has them', async () => {
    await get();
    expect(await get(path, { 'if-none-match': '"v1"' })).toMatchObject({ status: 304, cache: 'HIT', body: '' });
    expect(gateway.seen).toHaveLength(1);
  });

  test('are asked for without the visitor’s cookie', async () => {
    await get(path, { cookie: 'session=secret', authorization: 'x' });
    expect(gateway.seen[0]!.headers.cookie).toBeUndefined();
  });

  test('of something with a cookie in it are never kept', async () => {
    gateway.answer = (_, response) =>
      void response.setHeader('cache-control', PUBLIC).setHeader('set-cookie', 'session=1').end('hers');
    await get();
    await get();
    expect(gateway.seen).toHaveLength(2);
  });

  test.each([
    '/api/cart',
    '/api/session',
    '/api/orders',
    '/api/orders/1',
    '/api/credit',
    '/api/cart?/api/products',
    '/api/products/../cart',
    '/api/cart/../products',
    '/api/products/%2e%2e/cart',
    '/api/products%2f..%2fcart',
    '/api/cart/..%2fproducts',
    '/api//products/../cart',
    '/api/products/x/../../cart',
    '/api/products;/cart',
    '/API/products',
    '//api/products',
    '/api/products/x/images',
    '/media/../api/cart',
    '/media/67ac/../../api/cart.webp',
    '/media/%2e%2e/api/cart',
    '/staff/queues',
  ])('of %s are never kept, even if a gateway were to call it public', async (odd) => {
    gateway.answer = ({ headers }, response) =>
      void response.setHeader('cache-control', PUBLIC).end(`for ${headers.cookie ?? 'nobody'}`);
    const attack = {
      'x-original-url': '/api/products',
      'x-rewrite-url': '/api/products',
      'x-forwarded-host': 'evil',
      range: 'bytes=0-',
    };
    await get(odd, { cookie: 'session=hers', ...attack });
    const { body, cache } = await get(odd);
    expect([body.includes('hers'), cache]).toEqual([false, undefined]);
    // Nor did it get into the place of what is public.
    for (const address of ['/api/products', '/api/products?', '/api/products/x'])
      expect((await get(address)).body).toBe('for nobody');
  });

  test('of a picture are kept, and parts of it served from there', async () => {
    gateway.answer = (_, response) =>
      void response
        .setHeader('cache-control', 'public, max-age=31536000, immutable')
        .setHeader('content-type', 'image/webp')
        .setHeader('accept-ranges', 'bytes')
        .end('0123456789');
    const part = await get('/media/67ac1342c04faf14/341307808a92ef57.webp', { range: 'bytes=2-4' });
    expect(part).toMatchObject({ status: 206, body: '234', cache: 'MISS' });
    expect(await get('/media/67ac1342c04faf14/341307808a92ef57.webp')).toMatchObject({
      status: 200,
      body: '0123456789',
      cache: 'HIT',
    });
    expect(gateway.seen).toHaveLength(1);
  });

  test('are not kept at all where that is switched off', async () => {
    const plain = await edgeFor([gateway], { EDGE_CACHE: 'off' });
    await fetch(`${plain.url}${path}`);
    await fetch(`${plain.url}${path}`);
    expect(gateway.seen).toHaveLength(2);
  });
});
