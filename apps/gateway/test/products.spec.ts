import type { Product, StaffProduct, StaffProductPage } from '@shop/contracts/products';
import { AppError } from '@shop/rpc/errors';
import { SerializedJson } from '@shop/rpc/serialized-json';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { examples } from './examples.js';
import { DESK, openShop, Client, type Shop } from './shop.js';

let shop: Shop;
let staff: Client;
beforeAll(async () => {
  shop = await openShop({ RATE_LIMITS: 'off' });
  staff = await new Client(shop).logIn('sam@example.org');
});
afterAll(() => shop.stop());

const publicPaths = ['/api/products/walnut-desk', '/api/products?limit=5', '/api/categories'];
const PUBLIC = 'public, max-age=1, stale-while-revalidate=1, stale-if-error=86400';

describe('a public response', () => {
  it('passes the bytes of the owner on unchanged, with their ETag', async () => {
    const bytes = '{"odd":   "spacing", "n": 1.50}';
    shop.catalog.getProduct = () => new SerializedJson(Buffer.from(bytes), '"made-by-the-owner"');
    const response = await fetch(`${shop.url}/api/products/walnut-desk`);
    expect(await response.text()).toBe(bytes);
    expect(response.headers.get('etag')).toBe('"made-by-the-owner"');
    expect(response.headers.get('content-type')).toBe('application/json; charset=utf-8');
    shop.catalog.getProduct = () => SerializedJson.of(examples.Product);
  });

  it('is cacheable for a second, and longer only while revalidating or after an error', async () => {
    for (const path of publicPaths) {
      const { headers, status } = await staff.get(path);
      expect([status, headers.get('cache-control')], path).toEqual([200, PUBLIC]);
      expect(headers.getSetCookie(), path).toEqual([]);
    }
  });

  it('is 304 without a body when If-None-Match matches weakly', async () => {
    for (const path of publicPaths) {
      const etag = (await staff.get(path)).headers.get('etag')!;
      for (const known of [etag, `W/${etag}`, `"other", W/${etag}`, '*']) {
        const { status, body, headers } = await staff.get(path, { 'if-none-match': known });
        expect([status, body, headers.get('etag'), headers.get('cache-control')]).toEqual([
          304,
          undefined,
          etag,
          PUBLIC,
        ]);
      }
      expect((await staff.get(path, { 'if-none-match': '"other"' })).status).toBe(200);
    }
  });

  it('needs no call to Redis or accounts, even with a session', async () => {
    const monitor = await shop.redis.monitor();
    const seen: string[][] = [];
    // Other projects' tests use the same Redis server, but not these databases.
    monitor.on('monitor', (_time, args: string[], _from, database: string) => {
      if (['9', '10'].includes(database)) seen.push(args);
    });
    for (const path of publicPaths) await staff.get(path);
    await shop.redis.echo('end');
    await vi.waitUntil(() => seen.length > 0);
    expect(seen).toEqual([['echo', 'end']]);
    await staff.get('/api/session');
    await vi.waitUntil(() => seen.length > 1);
    monitor.disconnect();
  });

  it('returns the same headers without a body for HEAD', async () => {
    const { status, body, headers } = await staff.call('HEAD', '/api/products/walnut-desk');
    expect([status, body]).toEqual([200, undefined]);
    expect(Number(headers.get('content-length'))).toBe(JSON.stringify(examples.Product).length);
  });

  it('returns 404 that is not cacheable for unknown products', async () => {
    shop.catalog.getProduct = () => {
      throw new AppError('not_found', 'There is no such product.');
    };
    const asked = () => shop.calls.get('catalog.getProduct')!.length;
    const before = asked();
    const missing = await staff.get('/api/products/no-such');
    expect(missing.body).toMatchObject({ status: 404, code: 'not_found', detail: 'There is no such product.' });
    expect(missing.headers.get('cache-control')).toBe('no-store');
    for (const name of ['%00', 'a%20b', '..%2f', 'x'.repeat(121), 'é', '-', '*'])
      expect((await staff.get(`/api/products/${name}`)).body.code, name).toBe('not_found');
    expect(asked() - before).toBe(1);
  });

  it('parses the query by the schema', async () => {
    await staff.get(
      '/api/products?category=chairs&q=oak&minPriceCents=5&inStock=true&featured=false&sort=-price&limit=3',
    );
    expect(shop.calls.get('catalog.listProducts')!.at(-1)).toEqual({
      category: 'chairs',
      q: 'oak',
      minPriceCents: 5,
      inStock: true,
      featured: false,
      sort: '-price',
      limit: 3,
    });
  });
});

describe('staff', () => {
  const product = { name: 'Chair', description: 'Oak.', category: 'chairs', priceCents: 100, stock: 1 };

  it('add products and categories', async () => {
    shop.catalog.createProduct = (input) => ({ ...(examples.Product as Product), name: input.name });
    shop.catalog.createCategory = (input) => ({ ...input, products: 0 });
    const created = await staff.post<Product>('/api/products', product);
    expect([created.status, created.body.name, created.headers.get('cache-control')]).toEqual([
      201,
      'Chair',
      'no-store',
    ]);
    const category = await staff.post('/api/categories', { slug: 'chairs', name: 'Chairs' });
    expect([category.status, category.body]).toEqual([201, { slug: 'chairs', name: 'Chairs', products: 0 }]);
  });

  it('read current products, including hidden ones, without caching', async () => {
    shop.catalog.listStaffProducts = () => examples.StaffProductPage as StaffProductPage;
    shop.catalog.getStaffProduct = () => examples.StaffProduct as StaffProduct;
    for (const [path, wanted] of [
      ['/api/staff/products?q=desk&hidden=true', examples.StaffProductPage],
      ['/api/staff/products/Walnut-Desk', examples.StaffProduct],
    ] as const) {
      const { status, body, headers } = await staff.get(path);
      expect([status, body, headers.get('cache-control')]).toEqual([200, wanted, 'no-store']);
      expect((await new Client(shop).get(path)).status).toBe(401);
      expect((await (await new Client(shop).logIn()).get(path)).status).toBe(403);
    }
    expect(shop.calls.get('catalog.listStaffProducts')).toEqual([{ q: 'desk', hidden: true, limit: 24 }]);
    expect(shop.calls.get('catalog.getStaffProduct')).toEqual([{ product: 'walnut-desk' }]);
  });

  it('change a product only with its current version', async () => {
    shop.catalog.updateProduct = ({ version, patch }) => {
      if (version !== 7) throw new AppError('stale_version');
      return { ...(examples.Product as Product), ...patch, category: examples.Product.category, version: 8 };
    };
    const change = (ifMatch?: string) =>
      staff.patch<Product & { code: string }>(
        '/api/products/Walnut-Desk',
        { priceCents: 5 },
        ifMatch ? { 'if-match': ifMatch } : {},
      );
    for (const current of ['"7"', 'W/"7"', ' "7" ']) {
      const { status, body } = await change(current);
      expect([status, body.priceCents, body.version]).toEqual([200, 5, 8]);
    }
    expect(shop.calls.get('catalog.updateProduct')!.at(-1)).toEqual({
      product: 'walnut-desk',
      version: 7,
      patch: { priceCents: 5 },
    });
    expect((await change()).body).toMatchObject({ status: 428, code: 'version_required' });
    for (const stale of ['"6"', 'W/"8"', '"some-etag"', '""', '"9999999999"'])
      expect((await change(stale)).body, stale).toMatchObject({ status: 412, code: 'stale_version' });
    for (const garbage of ['7', '*', '"7', '"6", "7"'])
      expect((await change(garbage)).body, garbage).toMatchObject({ status: 400, code: 'invalid_request' });
  });
});

it('finds a product by its id', async () => {
  shop.catalog.getProduct = ({ product }) => SerializedJson.of({ product });
  expect((await staff.get(`/api/products/${DESK.toUpperCase()}`)).body).toEqual({ product: DESK });
});
