import { request as httpRequest } from 'node:http';
import { Problem } from '@shop/contracts/problems';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openShop, PASSWORD, Client, type Shop } from './shop.js';

let shop: Shop;
let client: Client;
beforeAll(async () => {
  shop = await openShop({ RATE_LIMITS: 'off' });
  client = new Client(shop);
});
afterAll(() => shop.stop());

const json = { 'content-type': 'application/json' };

/** Returns the response after checking that it is a complete problem (RFC 9457). */
async function problemOf(
  method: string,
  path: string,
  options: { body?: unknown; headers?: Record<string, string> } = {},
) {
  const { status, headers, body } = await client.call(method, path, options);
  expect(headers.get('content-type')).toBe('application/problem+json');
  expect(headers.get('cache-control')).toBe('no-store');
  expect(Problem.strict().parse(body)).toEqual(body);
  expect(body.status).toBe(status);
  expect(body.requestId).toBe(headers.get('x-request-id'));
  return { ...body, headers };
}

describe('the body of a request', () => {
  it('is refused with 400 when it is not JSON', async () => {
    for (const body of ['{', '{"email":', 'null,', "{'a':1}", '\u0000', '{"a":1}}'])
      expect(await problemOf('POST', '/api/session', { body }), body).toMatchObject({
        status: 400,
        code: 'invalid_request',
      });
  });

  it('is refused with 400 when it is not a JSON object', async () => {
    for (const body of ['null', '[]', '1', '"x"', 'true', ''])
      expect(await problemOf('POST', '/api/session', { body, headers: json }), body).toMatchObject({
        status: 400,
        code: 'invalid_request',
      });
    expect(await problemOf('POST', '/api/session')).toMatchObject({ status: 400, code: 'invalid_request' });
  });

  it('is refused with 400 when it tries prototype pollution', async () => {
    for (const body of ['{"__proto__":{"role":"staff"}}', '{"constructor":{"prototype":{"role":"staff"}}}'])
      expect(await problemOf('POST', '/api/session', { body })).toMatchObject({ status: 400, code: 'invalid_request' });
  });

  it('is refused with 400 that names an unknown field', async () => {
    const body = { email: 'a@example.org', password: PASSWORD, name: 'A', role: 'staff' };
    const problem = await problemOf('POST', '/api/customers', { body });
    expect(problem).toMatchObject({ status: 400, code: 'invalid_request', detail: 'role: is not a field here' });
    expect(problem.errors).toEqual([{ field: 'role', message: 'is not a field here' }]);
    const thousands = Object.fromEntries(Array.from({ length: 5000 }, (_, i) => [`f${i}`, 1]));
    expect((await problemOf('POST', '/api/session', { body: thousands })).errors).toHaveLength(50);
  });

  it('is refused with 400 that names each wrong value', async () => {
    const body = { email: 'nobody', password: 'short', name: ' ' };
    const { errors } = await problemOf('POST', '/api/customers', { body });
    expect(errors!.map(({ field }) => field)).toEqual(['email', 'password', 'name']);
    for (const { message } of errors!) expect(message.length).toBeGreaterThan(3);
    const types = await problemOf('POST', '/api/customers', { body: { email: 5, password: null, name: 7 } });
    expect(types.errors!.map(({ field }) => field)).toEqual(['email', 'password', 'name']);
  });

  it('is refused with 400 when a text cannot be stored', async () => {
    for (const odd of ['\\u0000', '\\ud800', 'a\\udfffb']) {
      const registration = `{"email":"a@example.org","password":"long-enough-now","name":"${odd}"}`;
      const { errors } = await problemOf('POST', '/api/customers', { body: registration });
      expect(errors!.map(({ field }) => field)).toEqual(['name']);
      const { code } = await problemOf('POST', '/api/session', { body: `{"email":"${odd}","password":"x"}` });
      expect(code).toBe('invalid_request');
    }
  });

  it('is refused with 400 when a quantity is out of range', async () => {
    for (const quantity of [-1, 100, 1e9, 1.5, '2', null, Number.MAX_SAFE_INTEGER + 2]) {
      const problem = await problemOf('PUT', '/api/cart/lines/walnut-desk', { body: { quantity } });
      expect([problem.status, problem.errors?.[0]?.field], String(quantity)).toEqual([400, 'quantity']);
    }
  });

  it('is refused with 413 at 10 MB and at one byte over the limit', async () => {
    for (const size of [10_000_000, 100_001]) {
      const problem = await problemOf('POST', '/api/session', { body: `"${'x'.repeat(size - 2)}"` });
      expect(problem).toMatchObject({ status: 413, code: 'payload_too_large' });
    }
    expect((await client.post('/api/session', `"${'x'.repeat(99_000)}"`)).status).toBe(400);
  });

  it('is refused with 413 at 10 MB sent in chunks', async () => {
    const status = await new Promise((resolve, reject) => {
      const request = httpRequest(`${shop.url}/api/session`, { method: 'POST', headers: json }, (response) => {
        resolve(response.statusCode);
        response.resume();
        request.destroy();
      });
      request.on('error', reject);
      const chunk = Buffer.alloc(64 * 1024, 'x');
      for (let i = 0; i < 160; i++) request.write(chunk);
      request.end();
    });
    expect(status).toBe(413);
  });

  it('is refused with 415 when its type is not JSON', async () => {
    const types = [
      'text/plain',
      'application/x-www-form-urlencoded',
      'multipart/form-data; boundary=x',
      'application/xml',
      'nonsense',
    ];
    for (const type of types)
      expect(
        await problemOf('POST', '/api/session', { body: '{}', headers: { 'content-type': type } }),
        type,
      ).toMatchObject({
        status: 415,
        code: 'unsupported_media_type',
      });
  });
});

describe('the query of a request', () => {
  it('is refused with 400 when it does not match the schema', async () => {
    const bad = [
      'limit=0',
      'limit=101',
      'limit=abc',
      'sort=best',
      'inStock=yes',
      'minPriceCents=-1',
      'minPriceCents=1.5',
      'minPriceCents=',
      'maxPriceCents=%20',
      '__proto__=1',
      '__proto__[limit]=1',
      'q=',
      'cursor=',
    ];
    for (const query of [...bad, 'foo=1', 'limit=1&limit=2', 'q=%00', 'category=No%20Slug', `q=${'x'.repeat(201)}`])
      expect(await problemOf('GET', `/api/products?${query}`), query).toMatchObject({
        status: 400,
        code: 'invalid_request',
      });
    const { errors } = await problemOf('GET', '/api/products?limit=0&sort=best');
    expect(errors!.map(({ field }) => field).sort()).toEqual(['limit', 'sort']);
  });
});

describe('the path of a request', () => {
  it('returns 404 when there is no route', async () => {
    const none = [
      '/api',
      '/api/',
      '/api/nothing',
      '/api/products/a/b',
      '/livez',
      '/readyz',
      '/metrics',
      '/favicon.ico',
    ];
    for (const path of none)
      expect(await problemOf('GET', path), path).toMatchObject({ status: 404, code: 'not_found' });
    expect(await problemOf('DELETE', '/api/nothing')).toMatchObject({ status: 404, code: 'not_found' });
  });

  it('returns 404 for very long product names', async () => {
    for (const length of [200, 300, 5000])
      expect(await problemOf('GET', `/api/products/${'x'.repeat(length)}`)).toMatchObject({ status: 404 });
  });

  it('returns 400 when it cannot be decoded', async () => {
    for (const path of ['/api/products/%E0%A4%A', '/%'])
      expect(await problemOf('GET', path), path).toMatchObject({ status: 400, code: 'invalid_request' });
  });

  it('returns 405 with the allowed methods for any other method', async () => {
    const wrong: [method: string, path: string, allow: string[]][] = [
      ['DELETE', '/api/products', ['GET', 'HEAD', 'POST']],
      ['POST', '/api/products/walnut-desk', ['GET', 'HEAD', 'PATCH']],
      ['PUT', '/api/session', ['DELETE', 'GET', 'HEAD', 'POST']],
      ['GET', '/api/sessions', ['DELETE']],
      ['POST', '/api/cart', ['GET', 'HEAD']],
      ['PATCH', '/api/orders', ['GET', 'HEAD', 'POST']],
      ['OPTIONS', '/api/cart', ['GET', 'HEAD']],
    ];
    for (const [method, path, allow] of wrong) {
      const problem = await problemOf(method, path);
      expect(problem, `${method} ${path}`).toMatchObject({ status: 405, code: 'method_not_allowed' });
      expect(problem.headers.get('allow')!.split(', ').sort()).toEqual(allow);
    }
  });
});

describe('a request id', () => {
  it('is taken from the request when it is valid, and generated otherwise', async () => {
    const given = await problemOf('GET', '/api/nothing', { headers: { 'x-request-id': 'abc-123' } });
    expect(given.requestId).toBe('abc-123');
    const odd = await problemOf('GET', '/api/nothing', { headers: { 'x-request-id': 'a b"c' } });
    expect(odd.requestId).toMatch(/^[0-9a-f-]{36}$/);
  });
});
