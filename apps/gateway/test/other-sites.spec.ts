import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openShop, Visitor, type Shop } from './shop.js';

let shop: Shop;
let someone: Visitor;
beforeAll(async () => {
  shop = await openShop({ RATE_LIMITS: 'off' });
  someone = new Visitor(shop);
});
afterAll(() => shop.stop());

it('is told with every answer to a browser that this is nothing to guess at, to frame or to run', async () => {
  const hardened = {
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'strict-origin-when-cross-origin',
    'cross-origin-opener-policy': 'same-origin',
    'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  };
  const answers = [
    await someone.get('/api/products'),
    await someone.get('/api/session'),
    await someone.get('/api/nothing'),
    await someone.delete('/api/products'),
    await someone.post('/api/session', '{'),
    await someone.post('/api/session', {}, { origin: 'https://evil.example' }),
    await someone.get('/api/openapi.json'),
    await someone.call('PROPFIND', '/api/products'),
    await someone.get('/api/products/%ff'),
  ];
  expect(answers.map(({ status }) => status)).toEqual([200, 200, 404, 405, 400, 403, 200, 405, 400]);
  for (const { headers } of answers) expect(Object.fromEntries(headers)).toMatchObject(hardened);
});

describe('another site', () => {
  const body = { quantity: 1 };
  const write = (headers: Record<string, string>) =>
    someone.call('PUT', '/api/cart/lines/walnut-desk', { body, headers });

  it('may not write', async () => {
    const host = new URL(shop.url).host;
    for (const origin of [
      'https://evil.example',
      'null',
      `http://${host}.evil.example`,
      'http://127.0.0.1:1',
      'garbage',
      '',
    ])
      expect((await write({ origin })).body, origin).toMatchObject({
        status: 403,
        code: 'forbidden',
      });
    for (const [method, path] of [
      ['POST', '/api/session'],
      ['DELETE', '/api/session'],
      ['POST', '/api/orders'],
    ] as const)
      expect((await someone.call(method, path, { headers: { origin: 'https://evil.example' } })).body).toMatchObject({
        status: 403,
      });
  });

  it('may read what is public, as everybody', async () => {
    expect((await someone.get('/api/products', { origin: 'https://elsewhere.example' })).status).toBe(200);
  });

  it('is not this one, and not a program', async () => {
    expect((await write({ origin: shop.url })).status).toBe(200);
    expect((await write({})).status).toBe(200);
  });

  it('is not this one with a port that need not be named', async () => {
    const fastify = shop.running.app.getHttpAdapter().getInstance();
    const put = async (origin: string, host: string) => {
      const { statusCode } = await fastify.inject({
        method: 'PUT',
        url: '/api/cart/lines/walnut-desk',
        headers: { origin, host },
        payload: body,
      });
      return statusCode;
    };
    for (const [origin, host] of [
      ['https://shop', 'shop:443'],
      ['http://shop', 'shop:80'],
      ['https://shop', 'SHOP'],
      ['https://shop:8443', 'shop:8443'],
    ] as const)
      expect(await put(origin, host), `${origin} ${host}`).toBe(200);
    for (const [origin, host] of [
      ['https://shop', 'shop:80'],
      ['https://shop', 'shop:8443'],
      ['https://shop:8443', 'shop'],
    ] as const)
      expect(await put(origin, host), `${origin} ${host}`).toBe(403);
  });

  it('is not the address that visitors are told', async () => {
    const behind = await openShop({ PUBLIC_URL: 'https://shop.example.org', RATE_LIMITS: 'off' });
    const visitor = new Visitor(behind);
    const put = (origin: string) => visitor.call('PUT', '/api/cart/lines/walnut-desk', { body, headers: { origin } });
    expect((await put('https://shop.example.org')).status).toBe(200);
    expect((await put('https://evil.example')).status).toBe(403);
    await behind.stop();
  });
});
