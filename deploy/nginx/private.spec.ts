// A private response is never cached, whatever a client tries.
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { Edge } from '@shop/tools/edge/edge';
import { describeWithNginx, edgeFor } from '@shop/tools/edge/testing';
import { FakeGateway, raw } from './fake-gateway.ts';

/** A public header that a gateway could send by mistake. */
const PUBLIC = 'public, max-age=60';
const hers = { cookie: 'session=hers', authorization: 'Bearer hers' };

describeWithNginx('private responses', () => {
  let gateway: FakeGateway;
  let edge: Edge;
  let tests = 0;
  let product: string;

  beforeAll(async () => {
    gateway = await FakeGateway.start('only');
    edge = await edgeFor([gateway]);
  });
  beforeEach(() => {
    gateway.seen.length = 0;
    product = `/api/products/p${++tests}`;
    gateway.answer = ({ method, headers: { cookie, authorization } }, response) =>
      void response.setHeader('cache-control', PUBLIC).end(`${method} for ${cookie ?? authorization ?? 'anonymous'}`);
  });
  afterAll(() => gateway.close());

  const get = async (path: string, headers: Record<string, string> = {}, method = 'GET') => {
    const answer = await raw(edge.url, path, headers, method);
    return { body: String(answer.body), cache: answer.headers['x-cache'] };
  };

  test('are not requested for public pages: no cookie is forwarded', async () => {
    expect(await get(product, hers)).toEqual({ body: 'GET for anonymous', cache: 'MISS' });
    const { headers } = gateway.seen[0]!;
    expect([headers.cookie, headers.authorization]).toEqual([undefined, undefined]);
  });

  test('that set a cookie are not cached, not even at public addresses', async () => {
    gateway.answer = (_, response) =>
      void response.setHeader('cache-control', PUBLIC).setHeader('set-cookie', 'session=1').end('hers');
    await get(product);
    await get(product);
    expect(gateway.seen).toHaveLength(2);
  });

  test.each(['POST', 'PUT', 'PATCH', 'DELETE'])('to %s are not served for GET of the same address', async (method) => {
    expect(await get(product, hers, method)).toEqual({ body: `${method} for session=hers`, cache: undefined });
    expect(await get(product)).toEqual({ body: 'GET for anonymous', cache: 'MISS' });
    // The cache does not answer these methods either.
    expect((await get(product, hers, method)).body).toBe(`${method} for session=hers`);
  });

  test('to HEAD of a public address are requested without a session too', async () => {
    await get(product, hers, 'HEAD');
    expect(await get(product)).toEqual({ body: 'GET for anonymous', cache: 'HIT' });
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
    const attack = {
      'x-original-url': '/api/products',
      'x-rewrite-url': '/api/products',
      'x-forwarded-host': 'evil',
      range: 'bytes=0-',
    };
    for (const method of ['GET', 'HEAD', 'POST']) {
      await get(odd, { ...hers, ...attack }, method);
      const { body, cache } = await get(odd);
      expect([body.includes('hers'), cache]).toEqual([false, undefined]);
    }
  });

  test.each(['/api/products', '/api/products?', '/api/products/x', '/products', '/'])(
    'of none of these addresses were cached for %s',
    async (address) => {
      expect((await get(address)).body).toBe('GET for anonymous');
    },
  );
});
