import { request } from 'node:http';
import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { describeWithNginx, edgeFor } from '@shop/tools/edge/testing';
import { FakeGateway, raw } from './fake-gateway.ts';
import type { Edge } from '@shop/tools/edge/edge';

describeWithNginx('the edge', () => {
  let gateway: FakeGateway;
  let edge: Edge;

  beforeAll(async () => {
    gateway = await FakeGateway.start('only');
    edge = await edgeFor([gateway]);
  });
  beforeEach(() => {
    gateway.seen.length = 0;
    gateway.answer = (_, response) => void response.end('{}');
  });
  afterAll(() => gateway.close());

  const last = () => gateway.seen.at(-1)!;

  test('forwards method, address, body and cookie of a request, with an id and the client address', async () => {
    const response = await fetch(`${edge.url}/api/orders?cursor=%7B`, {
      method: 'POST',
      body: '{"a":1}',
      headers: { cookie: 'session=mine', 'idempotency-key': 'k' },
    });
    expect(last()).toMatchObject({ method: 'POST', url: '/api/orders?cursor=%7B', body: '{"a":1}' });
    const { headers } = last();
    expect(headers).toMatchObject({ cookie: 'session=mine', 'idempotency-key': 'k', 'x-forwarded-for': '127.0.0.1' });
    expect(headers['x-forwarded-proto']).toBe('http');
    expect(headers.host).toBe(new URL(edge.url).host);
    expect(headers['x-request-id']).toMatch(/^[\da-f]{12}-\d+-\d+$/);
    expect(response.headers.get('x-request-id')).toBe(headers['x-request-id']);
  });

  test('keeps the valid id of a request', async () => {
    await fetch(`${edge.url}/api/cart`, { headers: { 'x-request-id': 'abc-1' } });
    expect(last().headers['x-request-id']).toBe('abc-1');
    await fetch(`${edge.url}/api/cart`, { headers: { 'x-request-id': 'a b"c' } });
    expect(last().headers['x-request-id']).toMatch(/^[\da-f]{12}-\d+-\d+$/);
  });

  test('trusts X-Forwarded-For from trusted proxies only', async () => {
    const said = { 'x-forwarded-for': '203.0.113.9', 'x-forwarded-proto': 'https', forwarded: 'for=203.0.113.9' };
    await fetch(`${edge.url}/api/cart`, { headers: said });
    expect(last().headers).toMatchObject({ 'x-forwarded-for': '127.0.0.1', 'x-forwarded-proto': 'http' });
    expect(last().headers['forwarded']).toBeUndefined();
    const trusting = await edgeFor([gateway], { EDGE_TRUST_PROXY: '127.0.0.0/8,10.0.0.0/8' });
    const response = await fetch(`${trusting.url}/api/cart`, { headers: said });
    expect(last().headers).toMatchObject({ 'x-forwarded-for': '203.0.113.9', 'x-forwarded-proto': 'https' });
    expect(response.headers.get('strict-transport-security')).toBe('max-age=31536000');
  });

  test('exposes no operations route under any spelling', async () => {
    for (const path of [
      '/livez',
      '/readyz',
      '/metrics',
      '/metrics/',
      '//metrics',
      '/%6detrics',
      '/_staff',
      '/_closed/page',
    ]) {
      const { status, body } = await raw(edge.url, path);
      expect({ path, status, code: (JSON.parse(String(body)) as { code: string }).code }).toEqual({
        path,
        status: 404,
        code: 'not_found',
      });
    }
    expect(gateway.seen).toEqual([]);
  });

  test('refuses requests that are too large, too long or malformed with a problem', async () => {
    const large = await fetch(`${edge.url}/api/orders`, { method: 'POST', body: 'x'.repeat(200_000) });
    expect([large.status, await large.json()]).toMatchObject([413, { code: 'payload_too_large', status: 413 }]);
    const long = await fetch(`${edge.url}/${'a'.repeat(9000)}`);
    expect([long.status, await long.json()]).toMatchObject([414, { code: 'invalid_request', status: 414 }]);
    const headers = await fetch(edge.url, { headers: { x: 'a'.repeat(9000) } });
    expect([headers.status, await headers.json()]).toMatchObject([431, { code: 'invalid_request' }]);
    expect(gateway.seen).toEqual([]);
  });

  test('streams an upload of 20 MB', async () => {
    let first: () => void;
    const arrived = new Promise<void>((resolve) => (first = resolve));
    const { port } = new URL(edge.url);
    const upload = request({ port, method: 'POST', path: '/api/products/p/images' });
    const answered = new Promise((resolve) => upload.once('response', resolve));
    gateway.onRequest = () => first();
    upload.write(Buffer.alloc(1_000_000));
    await arrived; // before its end
    upload.end(Buffer.alloc(19_000_000));
    expect(await answered).toMatchObject({ statusCode: 200 });
    expect(last().body).toHaveLength(20_000_000);
  });

  test('sends security headers with its own responses', async () => {
    for (const path of ['/metrics', '/staff/..%2fx', '/_closed/page']) {
      const { headers } = await fetch(`${edge.url}${path}`, { headers: { accept: 'text/html' } });
      expect(Object.fromEntries(headers)).toMatchObject({
        server: 'nginx',
        'x-content-type-options': 'nosniff',
        'content-security-policy': expect.stringContaining("frame-ancestors 'none'"),
        'referrer-policy': 'strict-origin-when-cross-origin',
        'cross-origin-opener-policy': 'same-origin',
      });
    }
  });

  test('leaves the headers of responses to the gateway', async () => {
    const own = { 'content-security-policy': "default-src 'self'", 'x-content-type-options': 'nosniff' };
    gateway.answer = (_, response) => void response.writeHead(200, own).end('page');
    for (const path of ['/api/docs', '/api/products']) {
      const { headers } = await fetch(`${edge.url}${path}`);
      expect(Object.fromEntries(headers)).toMatchObject(own);
    }
  });

  test.each([
    '/staff/queues/../../x',
    '/staff/../x',
    '/staff/..',
    '/staff/..?a',
    '/staff/..#a',
    '/staff/%2e%2E/x',
    '/staff/.%2e/x',
    '/staff%2f..%2fx',
    '/staff/./../x',
    '/x/../staff/queues',
    '/products/..',
    '/api/products/..',
    '/api/products/.',
    '/a/..%20/_problem/../x',
    '/a/../b%20/_problem/x',
  ])('refuses %s, which gateways would read in another way', async (path) => {
    const { status, body } = await raw(edge.url, path);
    expect([status, JSON.parse(String(body))]).toMatchObject([400, { code: 'invalid_request', status: 400 }]);
    expect(gateway.seen).toEqual([]);
  });

  test.each(['/api/cart?../..', '/api/products/...', '/api/products/a..b', '/products/..a', '/.well-known/x'])(
    'accepts the dots of %s',
    async (path) => {
      expect((await raw(edge.url, path)).status).toBe(200);
      expect(last().url).toBe(path);
    },
  );

  test('checks with the gateway for staff before it requests a page for staff', async () => {
    let access = 401;
    gateway.answer = ({ url }, response) => {
      response.statusCode = url === '/api/staff/access' ? access : 200;
      response.end('queues');
    };
    const refused = await fetch(`${edge.url}/staff/queues`, { headers: { cookie: 'session=guest' } });
    expect([refused.status, await refused.json()]).toMatchObject([401, { code: 'login_required' }]);
    access = 403;
    const forbidden = await fetch(`${edge.url}/staff/queues`);
    expect([forbidden.status, await forbidden.json()]).toMatchObject([403, { code: 'forbidden' }]);
    expect(gateway.seen.map(({ url }) => url)).toEqual(['/api/staff/access', '/api/staff/access']);
    expect(gateway.seen[0]!.headers.cookie).toBe('session=guest');
    access = 204;
    const letIn = await fetch(`${edge.url}/staff/queues`, { method: 'POST', body: 'x' });
    expect(await letIn.text()).toBe('queues');
    expect(gateway.seen.at(-2)).toMatchObject({ method: 'GET', url: '/api/staff/access', body: '' });
    expect(last()).toMatchObject({ method: 'POST', body: 'x' });
  });

  test('forwards server-sent events one by one', async () => {
    let send: (event: string) => void = () => {};
    gateway.answer = (_, response) => {
      response.setHeader('content-type', 'text/event-stream');
      send = (event) => void response.write(`data: ${event}\n\n`);
      send('first');
    };
    const { body } = await fetch(`${edge.url}/api/orders/1/events`);
    const reader = body!.getReader();
    const next = async () => Buffer.from((await reader.read()).value!).toString();
    expect(await next()).toBe('data: first\n\n');
    send('second');
    expect(await next()).toBe('data: second\n\n');
    await reader.cancel();
  });

  test('compresses JSON for clients that accept it', async () => {
    const json = JSON.stringify({ text: 'shop '.repeat(1000) });
    gateway.answer = (_, response) => void response.setHeader('content-type', 'application/json').end(json);
    const plain = await raw(edge.url, '/api/orders');
    expect(String(plain.body)).toBe(json);
    const response = await fetch(`${edge.url}/api/orders`, { headers: { 'accept-encoding': 'gzip' } });
    expect(response.headers.get('content-encoding')).toBe('gzip');
    expect(await response.text()).toBe(json);
  });

  test('answers 503 with a page for browsers and a problem for other clients while the shop is down', async () => {
    await gateway.close();
    const page = await fetch(edge.url, { headers: { accept: 'text/html,*/*' } });
    expect([page.status, page.headers.get('retry-after')]).toEqual([503, '5']);
    expect(page.headers.get('content-type')).toContain('text/html');
    expect(await page.text()).toContain('We are closed for a moment');
    const problem = await fetch(`${edge.url}/api/cart`);
    expect([problem.status, problem.headers.get('retry-after')]).toEqual([503, '5']);
    expect(problem.headers.get('content-type')).toBe('application/problem+json');
    expect(await problem.json()).toMatchObject({ code: 'unavailable', status: 503 });
    const large = { method: 'POST', body: Buffer.alloc(1_000_000) };
    const image = await fetch(`${edge.url}/api/products/mug/images`, large);
    expect([image.status, image.headers.get('retry-after')]).toEqual([503, '5']);
    expect(await image.json()).toMatchObject({ code: 'unavailable' });
    await gateway.open();
    await vi.waitUntil(async () => (await fetch(`${edge.url}/api/cart`)).status === 200);
  });
});
