import { rmSync } from 'node:fs';
import { AppError } from '@shop/rpc/errors';
import { SerializedJson } from '@shop/rpc/serialized-json';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { examples } from './examples.js';
import { builtStorefront, HTML } from './built-storefront.js';
import { openShop, type Shop } from './shop.js';

const dir = builtStorefront();

let shop: Shop;
beforeAll(async () => {
  shop = await openShop({ STOREFRONT_DIR: dir, MEDIA_URL: 'https://images.example.org/media' });
});
afterAll(async () => {
  await shop.stop();
  rmSync(dir, { recursive: true });
});
beforeEach(() => {
  shop.catalog.getProduct = () => SerializedJson.of(examples.Product);
  shop.catalog.listCategories = () => SerializedJson.of(examples.CategoryList);
});

const open = async (path: string, headers: Record<string, string> = { accept: 'text/html' }) => {
  const response = await fetch(shop.url + path, { headers, redirect: 'manual' });
  return { status: response.status, headers: response.headers, html: await response.text() };
};
const inHead = (html: string, pattern: RegExp) => pattern.exec(html)?.[1];
const dataOf = (html: string) =>
  JSON.parse(/id="page-data">([^]*?)<\/script>/.exec(html)![1]!) as Record<string, unknown>;

const variants = [480, 960].map((width) => ({
  ...{ name: `of ${width}`, type: 'image/avif' as const, width, height: width },
  url: `/media/desk/${width}.avif`,
}));
const desk = { ...examples.Product.images[0]!, variants };

describe('the page of a product', () => {
  it('has its metadata without running a script', async () => {
    const { status, html } = await open('/products/walnut-desk');
    expect(status).toBe(200);
    expect(inHead(html, /<title>(.*?)<\/title>/)).toBe('Walnut desk – Field &amp; Hearth');
    expect(inHead(html, /name="description" content="(.*?)"/)).toBe(examples.Product.description);
    expect(inHead(html, /rel="canonical" href="(.*?)"/)).toBe(`${shop.url}/products/walnut-desk`);
    expect(inHead(html, /property="og:type" content="(.*?)"/)).toBe('product');
    const structured = JSON.parse(inHead(html, /ld\+json">(.*?)<\/script>/)!) as { offers: object };
    expect(structured).toMatchObject({ '@type': 'Product', name: 'Walnut desk' });
    expect(structured.offers).toMatchObject({ price: '499.00', priceCurrency: 'EUR' });
  });

  it('contains the API responses that it needs first', async () => {
    expect(dataOf((await open('/products/walnut-desk')).html)).toEqual({
      '/api/products/walnut-desk': examples.Product,
    });
  });

  it('links to all its files at once and to each only once', async () => {
    const { html } = await open('/products/walnut-desk');
    const links = [...html.matchAll(/<link rel="(modulepreload|stylesheet)" crossorigin href="(.*?)">/g)];
    expect(links.map(([, rel, href]) => `${rel} ${href}`)).toEqual([
      'modulepreload /assets/product-3c4d.js',
      'stylesheet /assets/product-5e6f.css',
      'modulepreload /assets/image-7a8b.js',
    ]);
    expect((await open('/cart')).html).not.toContain('product-3c4d');
  });

  it('preloads its image', async () => {
    shop.catalog.getProduct = () => SerializedJson.of({ ...examples.Product, images: [desk] });
    const { html } = await open('/products/walnut-desk');
    expect(html).toContain('imagesrcset="/media/desk/480.avif 480w, /media/desk/960.avif 960w"');
  });

  it('escapes the name and description of the product', async () => {
    const name = `"><script>alert(1)</script><!-- '&`;
    shop.catalog.getProduct = () => SerializedJson.of({ ...examples.Product, name, description: name });
    const { html } = await open('/products/walnut-desk');
    expect(html.match(/<script/g)).toHaveLength(HTML.match(/<script/g)!.length + 1);
    expect(html).not.toContain('alert(1)</script>');
    expect((dataOf(html)['/api/products/walnut-desk'] as { name: string }).name).toBe(name);
  });

  it('is 304 with a matching ETag, which changes with the product and with the storefront', async () => {
    const { headers } = await open('/products/walnut-desk');
    const etag = headers.get('etag')!;
    const same = await open('/products/walnut-desk', { 'if-none-match': etag });
    expect(same.status).toBe(304);
    for (const name of ['content-security-policy', 'cache-control'])
      expect(same.headers.get(name), name).toBe(headers.get(name));
    shop.catalog.getProduct = () => SerializedJson.of({ ...examples.Product, priceCents: 1 });
    expect((await open('/products/walnut-desk', { 'if-none-match': etag })).status).toBe(200);
  });

  it('is cacheable for a second, and its policy allows only its own files', async () => {
    const { headers } = await open('/products/walnut-desk');
    expect(headers.get('cache-control')).toContain('public, max-age=1');
    const policy = headers.get('content-security-policy')!;
    expect(policy).toMatch(
      /script-src 'self' 'sha256-[\w+/=]+'; style-src 'self'; img-src 'self' data: https:\/\/images.example.org;/,
    );
    expect(policy).not.toContain('unsafe');
  });

  it('does not allow Stripe in its policy by default', async () => {
    const { headers, html } = await open('/');
    expect(headers.get('content-security-policy') + html).not.toContain('stripe');
  });

  it('is a 404 page when there is no such product', async () => {
    shop.catalog.getProduct = () => {
      throw new AppError('not_found');
    };
    const { status, html, headers } = await open('/products/no-such');
    expect([status, headers.get('cache-control')]).toEqual([404, 'no-store']);
    expect(inHead(html, /name="robots" content="(.*?)"/)).toBe('noindex');
  });

  it.each([
    ['unavailable', 503, '5'],
    ['internal', 500, null],
  ] as const)('is sent without data when the catalog returns %s', async (code, expected, retryAfter) => {
    shop.catalog.getProduct = () => {
      throw new AppError(code);
    };
    const { status, html, headers } = await open('/products/walnut-desk');
    expect([status, headers.get('retry-after'), headers.get('cache-control')]).toEqual([
      expected,
      retryAfter,
      'no-store',
    ]);
    expect(dataOf(html)).toEqual({});
  });
});

it('a category has one canonical URL with any filters', async () => {
  const plain = await open('/categories/furniture');
  expect(inHead(plain.html, /rel="canonical" href="(.*?)"/)).toBe(`${shop.url}/categories/furniture`);
  expect(Object.keys(dataOf(plain.html))).toEqual(['/api/products?category=furniture&limit=24', '/api/categories']);
  const filtered = await open('/categories/furniture?sort=price');
  expect([filtered.status, inHead(filtered.html, /name="robots" content="(.*?)"/)]).toEqual([200, 'noindex']);
  expect((await open('/categories/no-such')).status).toBe(404);
});

it.each(['/', '/products', '/categories/furniture'])('the page %s preloads its first image', async (path) => {
  const items = [
    { ...examples.ProductSummary, image: null },
    { ...examples.ProductSummary, image: desk },
  ];
  shop.catalog.listProducts = () => SerializedJson.of({ items, nextCursor: null });
  expect((await open(path)).html).toContain('imagesrcset="/media/desk/480.avif 480w, /media/desk/960.avif 960w"');
  shop.catalog.listProducts = () => SerializedJson.of({ items: items.slice(0, 1), nextCursor: null });
  expect((await open(path)).html).not.toContain('imagesrcset');
});

it('personal pages are noindex and not cacheable', async () => {
  for (const path of ['/cart', '/checkout', '/orders', '/account', '/manage/products/new']) {
    const { status, html, headers } = await open(path);
    expect([status, headers.get('cache-control')], path).toEqual([200, 'no-cache']);
    expect(html, path).toContain('noindex');
  }
});

it('an unknown path returns a 404 page to browsers and a problem to other clients', async () => {
  const page = await open('/no/such/page');
  expect([page.status, page.headers.get('content-type')]).toEqual([404, 'text/html; charset=utf-8']);
  for (const [path, accept] of [
    ['/no/such/page', '*/*'],
    ['/api/nothing', 'text/html'],
    ['/assets/gone.js', 'text/html'],
  ] as const) {
    const { status, headers } = await open(path, { accept });
    expect([status, headers.get('content-type'), headers.get('cache-control')], path).toEqual([
      404,
      'application/problem+json',
      'no-store',
    ]);
  }
});

it('files are immutable, and sent compressed where a compressed copy exists', async () => {
  const plain = await open('/assets/main-1a2b.js', { 'accept-encoding': 'identity' });
  expect([plain.html, plain.headers.get('cache-control')]).toEqual(['plain', 'public, max-age=31536000, immutable']);
  const small = await fetch(`${shop.url}/assets/main-1a2b.js`, {
    method: 'HEAD',
    headers: { 'accept-encoding': 'gzip' },
  });
  expect(small.headers.get('content-encoding')).toBe('gzip');
});
