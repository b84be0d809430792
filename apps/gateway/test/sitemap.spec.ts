import { rmSync } from 'node:fs';
import { get as httpGet, type IncomingMessage } from 'node:http';
import { gzipSync } from 'node:zlib';
import { MAX_SITEMAP_URLS } from '@shop/contracts/sitemaps';
import { AppError } from '@shop/rpc/errors';
import { SerializedJson } from '@shop/rpc/serialized-json';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { examples } from './examples.js';
import { builtStorefront } from './built-storefront.js';
import { openShop, type Shop } from './shop.js';

const dir = builtStorefront();
const CHANGED = '2026-11-20T09:30:00Z';
const slugs = Array.from({ length: MAX_SITEMAP_URLS }, (_, i) => `thing-${i}`);
const lines = (of: string[]) =>
  new SerializedJson(gzipSync(of.map((slug) => `${slug} ${CHANGED}`).join('\n')), `"${of.length}"`);

let shop: Shop;
beforeAll(async () => {
  shop = await openShop({ STOREFRONT_DIR: dir });
});
afterAll(async () => {
  await shop.stop();
  rmSync(dir, { recursive: true });
});
beforeEach(() => {
  shop.catalog.listCategories = () => SerializedJson.of(examples.CategoryList);
  shop.catalog.getSitemap = () => ({ parts: [2, 7].map((part) => ({ part, changedAt: CHANGED })) });
  shop.catalog.getSitemapPart = ({ part }) => {
    if (part === 2) return lines(slugs);
    if (part === 7) return lines(['last']);
    throw new AppError('not_found');
  };
  shop.calls.clear();
});

const open = async (path: string, init: RequestInit = {}) => {
  const response = await fetch(shop.url + path, init);
  return { status: response.status, headers: response.headers, text: await response.text() };
};
const locations = (text: string) => [...text.matchAll(/<loc>(.*?)<\/loc>/g)].map(([, url]) => url);
const callCount = () => [...shop.calls.values()].flat().length;

describe('the sitemap', () => {
  it('is an index of the pages and the parts with products, linked from robots.txt', async () => {
    expect((await open('/robots.txt')).text).toContain(`Sitemap: ${shop.url}/sitemap.xml`);
    const { status, headers, text } = await open('/sitemap.xml');
    expect([status, headers.get('content-type')]).toEqual([200, 'application/xml; charset=utf-8']);
    expect(locations(text)).toEqual(
      ['pages', 'products-2', 'products-7'].map((name) => `${shop.url}/sitemaps/${name}.xml`),
    );
    expect(text).toContain(`products-7.xml</loc><lastmod>${CHANGED}</lastmod></sitemap>`);
    expect(callCount()).toBe(1);
  });

  it('lists the pages and the categories', async () => {
    const { items } = examples.CategoryList;
    expect(locations((await open('/sitemaps/pages.xml')).text)).toEqual(
      ['/', '/products', ...items.map(({ slug }) => `/categories/${slug}`)].map((path) => shop.url + path),
    );
    expect(callCount()).toBe(1);
  });

  it('lists every product of a part with one call to the catalog', async () => {
    const { headers, text } = await open('/sitemaps/products-2.xml');
    expect(headers.get('cache-control')).toContain('public');
    expect(locations(text)).toEqual(slugs.map((slug) => `${shop.url}/products/${slug}`));
    expect(text).toMatch(/^<\?xml [^]*<urlset xmlns="[^"]+">\n<url>[^]*<\/url>\n<\/urlset>\n$/);
    expect(text.split('\n')[2]).toBe(`<url><loc>${shop.url}/products/thing-0</loc><lastmod>${CHANGED}</lastmod></url>`);
    expect(callCount()).toBe(1);
  });

  it('is not sent again with a matching ETag, nor in response to HEAD', async () => {
    const { headers } = await open('/sitemaps/products-2.xml', { method: 'HEAD' });
    const etag = headers.get('etag')!;
    expect(headers.get('content-type')).toBe('application/xml; charset=utf-8');
    const again = await open('/sitemaps/products-2.xml', { headers: { 'if-none-match': etag } });
    expect([again.status, again.text, again.headers.get('etag')]).toEqual([304, '', etag]);
    expect((await open('/sitemaps/products-7.xml')).headers.get('etag')).not.toBe(etag);
  });

  it('lists the pages, and its index returns 503 with Retry-After, while products are not prepared', async () => {
    shop.catalog.getSitemap = () => ({ parts: null });
    const { status, headers } = await open('/sitemap.xml');
    expect([status, headers.get('retry-after')]).toEqual([503, '10']);
    expect((await open('/sitemaps/pages.xml')).status).toBe(200);
  });

  it.each(['no-such', 'products-3', 'products-0', 'products-1e9', 'products-99999999999', 'products-'])(
    'returns 404 for %s',
    async (name) => {
      expect((await open(`/sitemaps/${name}.xml`)).status).toBe(404);
    },
  );

  it('limits slow readers without blocking other requests, and recovers when they disconnect', async () => {
    const paused = (): Promise<IncomingMessage> =>
      new Promise((resolve, reject) => {
        httpGet(`${shop.url}/sitemaps/products-2.xml`, { agent: false }, resolve).on('error', reject);
      });
    const slow = await Promise.all(Array.from({ length: 20 }, paused));
    expect(slow.map(({ statusCode }) => statusCode).sort()).toEqual([
      ...Array<number>(16).fill(200),
      ...Array<number>(4).fill(429),
    ]);
    expect((await open('/sitemaps/pages.xml')).status).toBe(200);
    for (const response of slow) response.destroy();
    await vi.waitFor(async () => expect((await open('/sitemaps/products-7.xml')).status).toBe(200));
  });
});
