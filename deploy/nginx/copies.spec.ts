import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import type { Edge } from '@shop/tools/edge/edge';
import { describeWithNginx, edgeFor } from '@shop/tools/edge/testing';
import { FakeGateway, raw } from './fake-gateway.ts';

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

  const get = async (address = path, sent: Record<string, string> = {}) => {
    const { status, headers, body } = await raw(edge.url, address, sent);
    return { status, headers, body: String(body), cache: headers['x-cache'] };
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

  test('are served no longer than their owner allows while it is away', async () => {
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

  test('are served while their owner cannot answer, but not instead of a mistake of it', async () => {
    await get();
    let status = 503;
    gateway.answer = (_, response) => void response.writeHead(status, { 'cache-control': 'no-store' }).end('{}');
    await sleep(3100);
    expect(await get()).toMatchObject({ status: 200, body: 'version 1', cache: 'STALE' });
    expect(await get('/api/products/never-seen')).toMatchObject({ status: 503, body: '{}' });
    status = 500;
    expect(await get()).toMatchObject({ status: 500, body: '{}' });
  });

  test('are served when their owner takes longer than 6 s', { timeout: 30_000 }, async () => {
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

  test('answer 304 to a browser that has them', async () => {
    await get();
    expect(await get(path, { 'if-none-match': '"v1"' })).toMatchObject({ status: 304, cache: 'HIT', body: '' });
    expect(gateway.seen).toHaveLength(1);
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

  test.each(['/api/products', '/products', '/categories/kitchen'])(
    'of %s are told apart by the query',
    async (list) => {
      gateway.answer = ({ url }, response) => void response.setHeader('cache-control', 'public, max-age=60').end(url);
      for (const query of ['', '?q=mug', '?q=mug&limit=2'])
        for (const cache of ['MISS', 'HIT'])
          expect(await get(list + query)).toMatchObject({ body: list + query, cache });
    },
  );

  test('are not kept at all where that is switched off', async () => {
    const plain = await edgeFor([gateway], { EDGE_CACHE: 'off' });
    await fetch(`${plain.url}${path}`);
    await fetch(`${plain.url}${path}`);
    expect(gateway.seen).toHaveLength(2);
  });
});
