// How nginx serves the storefront: files as they lie there, pages as copies of what a gateway made.
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Edge } from './edge.ts';
import { describeWithNginx, edgeFor, FakeGateway } from './edge-under-test.ts';

describeWithNginx('the storefront', () => {
  const dir = mkdtempSync(join(tmpdir(), 'shop-assets-'));
  let gateway: FakeGateway;
  let edge: Edge;

  beforeAll(async () => {
    // nginx is another user.
    chmodSync(dir, 0o755);
    mkdirSync(join(dir, 'assets'));
    writeFileSync(join(dir, 'assets', 'main-1.js'), 'plain');
    writeFileSync(join(dir, 'assets', 'main-1.js.gz'), gzipSync('compressed'));
    gateway = await FakeGateway.start('one');
    edge = await edgeFor([gateway], { EDGE_ASSETS_DIR: dir });
  });
  afterAll(async () => {
    await gateway?.close();
    rmSync(dir, { recursive: true });
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

  test('files are served for ever, compressed as they lie there', async () => {
    const answer = await fetch(`${edge.url}/assets/main-1.js`, { headers: { 'accept-encoding': 'gzip' } });
    expect([await answer.text(), answer.headers.get('content-encoding')]).toEqual(['compressed', 'gzip']);
    expect(answer.headers.get('cache-control')).toBe('public, max-age=31536000, immutable');
    expect(answer.headers.get('content-type')).toContain('javascript');
  });

  test('a file of another version is asked of a gateway', async () => {
    gateway.answer = (_, response) => void response.end('of the other version');
    expect(await (await fetch(`${edge.url}/assets/main-2.js`)).text()).toBe('of the other version');
    gateway.answer = (_, response) => void response.writeHead(404, { 'cache-control': 'no-store' }).end('gone');
    const gone = await fetch(`${edge.url}/assets/main-3.js`);
    expect([gone.status, gone.headers.get('cache-control')]).toEqual([404, 'no-store']);
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

  test.each(['/cart', '/orders/1', '/manage/products', '/account'])(
    '%s is nobody’s but the visitor’s',
    async (path) => {
      gateway.answer = ({ headers }, response) => void response.end(headers.cookie);
      expect(await page(path, 'shop.example')).toEqual({ body: 'session=mine', cache: undefined });
    },
  );
});
