import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import type { Edge } from '@shop/tools/edge/edge';
import { describeWithNginx, edgeFor } from '@shop/tools/edge/testing';
import { FakeGateway, raw } from './fake-gateway.ts';

/** As the gateway sends it with public responses. */
const PUBLIC = 'public, max-age=1, stale-while-revalidate=1, stale-if-error=86400';

describeWithNginx('the edge cache:', () => {
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

  const get = async (address = path, sent: Record<string, string> = {}) => {
    const { status, headers, body } = await raw(edge.url, address, sent);
    return { status, headers, body: String(body), cache: headers['x-cache'] };
  };

  test('an entry is served without a request to the gateway until its max-age', async () => {
    expect(await get()).toMatchObject({ body: 'version 1', cache: 'MISS' });
    expect(await get()).toMatchObject({ body: 'version 1', cache: 'HIT' });
    expect(gateway.seen).toHaveLength(1);
  });

  test('a change is visible everywhere within two seconds, also under load', async () => {
    await get();
    version = 2;
    const changedAt = performance.now();
    await vi.waitUntil(async () => (await get()).body === 'version 2', { interval: 20, timeout: 5000 });
    expect(performance.now() - changedAt).toBeLessThan(2500);
  });

  test('simultaneous requests for an uncached address are one request to the gateway', async () => {
    gateway.answer = (_, response) => {
      response.setHeader('cache-control', PUBLIC);
      setTimeout(() => response.end('slowly made'), 200);
    };
    const answers = await Promise.all(Array.from({ length: 200 }, () => get()));
    expect(new Set(answers.map(({ body }) => body))).toEqual(new Set(['slowly made']));
    expect(gateway.seen).toHaveLength(1);
  });

  test('a stale entry is served while one request revalidates it', async () => {
    // nginx counts whole seconds, so the test starts at the beginning of one.
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

  test('an expired entry is not served while the gateway is up', async () => {
    await get();
    version = 2;
    await sleep(2100);
    expect(await get()).toMatchObject({ body: 'version 2', cache: 'EXPIRED' });
  });

  test('a stale entry is served while the gateway is down, and no longer once it is back', async () => {
    await get();
    await gateway.close();
    await sleep(3100); // stale-while-revalidate has passed too
    expect(await get()).toMatchObject({ status: 200, body: 'version 1', cache: 'STALE' });
    expect(await get('/api/products/never-seen')).toMatchObject({ status: 503 });
    version = 2;
    await gateway.open();
    await vi.waitUntil(async () => (await get()).body === 'version 2', { timeout: 10_000 });
  });

  test('a stale entry is served no longer than stale-if-error while the gateway is down', async () => {
    gateway.answer = (_, response) =>
      void response
        .setHeader('cache-control', 'public, max-age=1, stale-while-revalidate=1, stale-if-error=1')
        .end('1');
    await get();
    await gateway.close();
    await sleep(1100);
    expect(await get()).toMatchObject({ status: 200, body: '1' });
    await vi.waitUntil(async () => (await get()).status === 503, { timeout: 10_000, interval: 100 });
    await gateway.open();
  });

  test('a stale entry is served instead of a 503, but not instead of a 500', async () => {
    await get();
    let status = 503;
    gateway.answer = (_, response) => void response.writeHead(status, { 'cache-control': 'no-store' }).end('{}');
    await sleep(3100);
    expect(await get()).toMatchObject({ status: 200, body: 'version 1', cache: 'STALE' });
    expect(await get('/api/products/never-seen')).toMatchObject({ status: 503, body: '{}' });
    status = 500;
    expect(await get()).toMatchObject({ status: 500, body: '{}' });
  });

  test('a stale entry is served when the gateway takes longer than 6 s', { timeout: 30_000 }, async () => {
    const addresses = ['/api/products/hung', '/api/categories', '/products/hung', '/categories/hung', '/'];
    const getAll = () => Promise.all(addresses.map((address) => get(address)));
    await getAll();
    gateway.answer = () => {};
    await sleep(3100);
    const askedAt = performance.now();
    for (const answer of await getAll())
      expect(answer).toMatchObject({ status: 200, body: 'version 1', cache: 'STALE' });
    expect(performance.now() - askedAt).toBeLessThan(12_000); // others may take 15 s
  });

  test('a browser with the same version gets 304', async () => {
    await get();
    expect(await get(path, { 'if-none-match': '"v1"' })).toMatchObject({ status: 304, cache: 'HIT', body: '' });
    expect(gateway.seen).toHaveLength(1);
  });

  test('an image is cached, and ranges of it are served from the cache', async () => {
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
    const none = await get('/media/67ac1342c04faf14/341307808a92ef57.webp', { range: 'bytes=10-' });
    expect([none.status, none.headers['content-range']]).toEqual([416, 'bytes */10']);
    expect(JSON.parse(none.body)).toMatchObject({ code: 'range_not_satisfiable', status: 416 });
    expect(gateway.seen).toHaveLength(1);
  });

  test.each([
    '/media/67ac1342c04faf14/341307808a92ef58.webp',
    '/robots.txt',
    '/sitemap.xml',
    '/sitemaps/kitchen.xml',
    '/',
    '/products/mug',
    '/api/products/mug',
    '/api/categories',
  ])('of %s are one, whatever query follows', async (address) => {
    gateway.answer = (_, response) => void response.setHeader('cache-control', 'public, max-age=60').end('one');
    for (const query of ['', '?', '?from=mail', '?/../', '?a?b'])
      expect((await get(address + query)).body, query).toBe('one');
    expect(gateway.seen).toHaveLength(1);
  });

  test.each(['/api/products', '/products', '/categories/kitchen'])('entries of %s differ by query', async (list) => {
    gateway.answer = ({ url }, response) => void response.setHeader('cache-control', 'public, max-age=60').end(url);
    for (const query of ['', '?q=mug', '?q=mug&limit=2'])
      for (const cache of ['MISS', 'HIT']) expect(await get(list + query)).toMatchObject({ body: list + query, cache });
  });

  test('nothing is cached where the cache is switched off', async () => {
    const plain = await edgeFor([gateway], { EDGE_CACHE: 'off' });
    await fetch(`${plain.url}${path}`);
    await fetch(`${plain.url}${path}`);
    expect(gateway.seen).toHaveLength(2);
  });
});
