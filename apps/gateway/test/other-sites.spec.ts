import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openShop, Client, type Shop } from './shop.js';

let shop: Shop;
let client: Client;
beforeAll(async () => {
  shop = await openShop({ RATE_LIMITS: 'off' });
  client = new Client(shop);
});
afterAll(() => shop.stop());

it('every response forbids sniffing, framing and running', async () => {
  const hardened = {
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'strict-origin-when-cross-origin',
    'cross-origin-opener-policy': 'same-origin',
    'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  };
  const answers = [
    await client.get('/api/products'),
    await client.get('/api/session'),
    await client.get('/api/nothing'),
    await client.delete('/api/products'),
    await client.post('/api/session', '{'),
    await client.post('/api/session', {}, { origin: 'https://evil.example' }),
    await client.get('/api/openapi.json'),
    await client.call('PROPFIND', '/api/products'),
    await client.get('/api/products/%ff'),
  ];
  expect(answers.map(({ status }) => status)).toEqual([200, 200, 404, 405, 400, 403, 200, 405, 400]);
  for (const { headers } of answers) expect(Object.fromEntries(headers)).toMatchObject(hardened);
});

describe('a request from another site', () => {
  const body = { quantity: 1 };
  const write = (headers: Record<string, string>) =>
    client.call('PUT', '/api/cart/lines/walnut-desk', { body, headers });

  it('may not change anything', async () => {
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
      expect((await client.call(method, path, { headers: { origin: 'https://evil.example' } })).body).toMatchObject({
        status: 403,
      });
  });

  it('may read public data', async () => {
    expect((await client.get('/api/products', { origin: 'https://elsewhere.example' })).status).toBe(200);
  });

  it('is not assumed without an Origin or with our own', async () => {
    expect((await write({ origin: shop.url })).status).toBe(200);
    expect((await write({})).status).toBe(200);
  });

  it('is told apart from our own when default ports are left out', async () => {
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

  it('is not assumed for the origin of PUBLIC_URL', async () => {
    const behind = await openShop({ PUBLIC_URL: 'https://shop.example.org', RATE_LIMITS: 'off' });
    const client = new Client(behind);
    const put = (origin: string) => client.call('PUT', '/api/cart/lines/walnut-desk', { body, headers: { origin } });
    expect((await put('https://shop.example.org')).status).toBe(200);
    expect((await put('https://evil.example')).status).toBe(403);
    await behind.stop();
  });
});
