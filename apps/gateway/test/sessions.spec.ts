import { createHash } from 'node:crypto';
import type { CustomerAnswer, SessionAnswer } from '@shop/contracts/accounts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ADA, openShop, PASSWORD, SAM, Client, type Shop } from './shop.js';

let shop: Shop;
beforeAll(async () => {
  shop = await openShop({ RATE_LIMITS: 'off' });
});
afterAll(() => shop.stop());

const ada = { email: 'ada@example.org', password: PASSWORD };
const DAYS_MS = 24 * 3600 * 1000;

function newClient(): Client {
  return new Client(shop);
}
function keyOf({ cookie }: Client): string {
  return `session:${createHash('sha256').update(cookie!.split('=')[1]!).digest('base64url')}`;
}
async function whoIs(client: Client): Promise<string | undefined> {
  const { status, body } = await client.get<SessionAnswer>('/api/session');
  expect(status).toBe(200);
  return body.customer?.email;
}

describe('logging in', () => {
  it('returns the customer and sets an HttpOnly, SameSite cookie', async () => {
    const answer = await newClient().post<CustomerAnswer>('/api/session', ada);
    expect(answer.status).toBe(200);
    expect(answer.body).toEqual({ customer: { id: ADA, email: 'ada@example.org', name: 'Ada', role: 'customer' } });
    expect(answer.headers.get('cache-control')).toBe('no-store');
    const [cookie] = answer.headers.getSetCookie();
    expect(cookie).toMatch(/^session=[\w-]{43}; Max-Age=2592000; Path=\/; HttpOnly; SameSite=Lax$/);
  });

  it('makes the cookie Secure behind a trusted proxy that reports https', async () => {
    const { app } = shop.running;
    const fastify = app.getHttpAdapter().getInstance();
    expect((await fastify.inject('/api/session')).statusCode).toBe(200);
    const secure = await openShop({ TRUST_PROXY: '127.0.0.1', RATE_LIMITS: 'off' });
    const client = new Client(secure);
    const { headers } = await client.post('/api/session', ada, { 'x-forwarded-proto': 'https' });
    expect(headers.getSetCookie()[0]).toMatch(/^__Host-session=[\w-]{43}; .*Path=\/; HttpOnly; Secure; SameSite=Lax$/);
    const seen = await client.get<SessionAnswer>('/api/session', { 'x-forwarded-proto': 'https' });
    expect(seen.body.customer?.id).toBe(ADA);
    await secure.stop();
    const untrusting = await newClient().post('/api/session', ada, { 'x-forwarded-proto': 'https' });
    expect(untrusting.headers.getSetCookie()[0]).toMatch(/^session=/);
  });

  it('makes the cookie Secure when PUBLIC_URL is https', async () => {
    const secure = await openShop({ PUBLIC_URL: 'https://shop.example.org', RATE_LIMITS: 'off' });
    const { headers } = await new Client(secure).post('/api/session', ada);
    expect(headers.getSetCookie()[0]).toMatch(/^__Host-session=.*Secure/);
    await secure.stop();
  });

  it('is refused in the same way for an unknown address and a wrong password', async () => {
    const unknown = await newClient().post('/api/session', { ...ada, email: 'nobody@example.org' });
    const wrong = await newClient().post('/api/session', { ...ada, password: 'wrong-password' });
    for (const { status, body, headers } of [unknown, wrong]) {
      expect(status).toBe(401);
      expect(body).toMatchObject({ code: 'bad_credentials', detail: wrong.body.detail });
      expect(headers.getSetCookie()).toEqual([]);
    }
  });

  it('gives the session a new id and ends the old one', async () => {
    const client = await newClient().logIn();
    const before = client.cookie;
    await client.logIn();
    expect(client.cookie).not.toBe(before);
    const thief = newClient();
    thief.cookie = before;
    expect(await whoIs(thief)).toBeUndefined();
    expect(await whoIs(client)).toBe('ada@example.org');
  });

  it('never adopts an id that the client chose', async () => {
    const client = newClient();
    const planted = `session=${'A'.repeat(43)}`;
    client.cookie = planted;
    await client.put('/api/cart/lines/walnut-desk', { quantity: 1 });
    expect(client.cookie).not.toBe(planted);
    expect(await shop.redis.exists(`session:${createHash('sha256').update('A'.repeat(43)).digest('base64url')}`)).toBe(
      0,
    );
  });
});

describe('a session', () => {
  it('is stored under the hash of its id only', async () => {
    const client = await newClient().logIn();
    const id = client.cookie!.split('=')[1]!;
    const keys = await shop.redis.keys('*');
    expect(keys.some((key) => key.includes(id))).toBe(false);
    expect(await shop.redis.get(keyOf(client))).toBe(ADA);
  });

  it('is not found for a malformed cookie', async () => {
    const garbage = ['x', '', '%', 'A'.repeat(5000), `${'A'.repeat(42)}é`, '"; drop', 'a=b; session=c', '\u00ff'];
    for (const cookie of garbage.map((value) => `session=${value}`)) {
      const response = await shop.running.app
        .getHttpAdapter()
        .getInstance()
        .inject({ url: '/api/session', headers: { cookie } });
      expect([response.statusCode, response.json()], cookie).toEqual([200, { customer: null }]);
    }
  });

  it('is extended by use, at most once a minute', async () => {
    const client = await newClient().logIn();
    const key = keyOf(client);
    const still = await client.get('/api/session');
    expect(still.headers.getSetCookie()).toEqual([]);

    await shop.redis.pexpire(key, 30 * DAYS_MS - 61_000);
    const moved = await client.get('/api/session');
    expect(moved.headers.getSetCookie()[0]).toContain(`${client.cookie}; Max-Age=2592000`);
    expect(await shop.redis.pttl(key)).toBeGreaterThan(30 * DAYS_MS - 30_000);
    expect((await client.get('/api/session')).headers.getSetCookie()).toEqual([]);
  });

  it('ends at log-out for every holder of its cookie', async () => {
    const client = await newClient().logIn();
    const other = newClient();
    other.cookie = client.cookie;
    const answer = await client.delete('/api/session');
    expect([answer.status, answer.body]).toEqual([204, undefined]);
    expect(answer.headers.getSetCookie()[0]).toMatch(/^session=; Max-Age=0/);
    expect(await whoIs(other)).toBeUndefined();
    expect((await other.delete('/api/session')).status).toBe(204);
  });

  it('ends with all other sessions of its customer at DELETE /api/sessions, and those of other customers stay', async () => {
    const [phone, laptop, sam] = [
      await newClient().logIn(),
      await newClient().logIn(),
      await newClient().logIn('sam@example.org'),
    ];
    expect((await phone.delete('/api/sessions')).status).toBe(204);
    expect([await whoIs(phone), await whoIs(laptop), await whoIs(sam)]).toEqual([
      undefined,
      undefined,
      'sam@example.org',
    ]);
    expect(await shop.redis.zcard(`sessions-of:${ADA}`)).toBe(0);
    expect((await phone.delete('/api/sessions')).body).toMatchObject({ code: 'login_required', status: 401 });
  });

  it('stays when its customer changes the password, while all others end', async () => {
    const [here, elsewhere] = [await newClient().logIn(), await newClient().logIn()];
    const wrong = await here.put('/api/customers/me/password', { current: 'not-it-at-all', next: 'battery-staple' });
    expect(wrong.body).toMatchObject({ status: 401, code: 'bad_credentials' });
    expect(await whoIs(elsewhere)).toBe('ada@example.org');
    const changed = await here.put('/api/customers/me/password', { current: PASSWORD, next: 'battery-staple' });
    expect(changed.status).toBe(204);
    expect([await whoIs(here), await whoIs(elsewhere)]).toEqual(['ada@example.org', undefined]);
  });

  it('is one of at most twenty: another log-in ends the one used longest ago', async () => {
    await shop.redis.flushdb();
    const devices: Client[] = [];
    for (let i = 0; i < 20; i++) devices.push(await newClient().logIn());
    const [first, second] = devices as [Client, Client];
    // The first is used, which extends it.
    await shop.redis.pexpire(keyOf(first), 30 * DAYS_MS - 61_000);
    expect(await whoIs(first)).toBe('ada@example.org');
    devices.push(await newClient().logIn());
    expect([await whoIs(first), await whoIs(second)]).toEqual(['ada@example.org', undefined]);
    await Promise.all(Array.from({ length: 50 }, () => newClient().logIn()));
    expect(await shop.redis.zcard(`sessions-of:${ADA}`)).toBe(20);
    expect(await shop.redis.keys('session:*')).toHaveLength(20);
  });

  it('is removed from the index after it has expired', async () => {
    await shop.redis.zadd(`sessions-of:${ADA}`, Date.now() - 1, 'long-gone');
    await newClient().logIn();
    expect(await shop.redis.zscore(`sessions-of:${ADA}`, 'long-gone')).toBeNull();
  });
});

describe('registering', () => {
  it('logs in', async () => {
    const client = newClient();
    const grace = { email: 'Grace@example.org', password: PASSWORD, name: 'Grace' };
    const { status, body } = await client.post<CustomerAnswer>('/api/customers', grace);
    expect(status).toBe(201);
    expect(body.customer).toMatchObject({ email: 'grace@example.org', name: 'Grace', role: 'customer' });
    expect(await whoIs(client)).toBe('grace@example.org');
    expect((await newClient().post('/api/customers', grace)).body).toMatchObject({ status: 409, code: 'email_taken' });
  });
});

describe('the customer of a session', () => {
  it('is read from accounts once, and again after a change', async () => {
    await shop.emptyCache();
    const client = await newClient().logIn();
    const asked = () => shop.calls.get('accounts.getCustomer')?.length ?? 0;
    const before = asked();
    for (let i = 0; i < 5; i++) await whoIs(client);
    expect(asked() - before).toBe(1);
    const { body } = await client.patch<CustomerAnswer>('/api/customers/me', { name: ' Ada L. ' });
    expect(body.customer.name).toBe('Ada L.');
    expect((await client.get<SessionAnswer>('/api/session')).body.customer?.name).toBe('Ada L.');
    expect(asked() - before).toBe(2);
  });

  it('is null once the customer is deleted', async () => {
    shop.customers.set('01900000-0000-7000-8000-0000000000ee', {
      ...shop.customers.get(SAM)!,
      id: '01900000-0000-7000-8000-0000000000ee',
      email: 'gone@example.org',
    });
    const client = await newClient().logIn('gone@example.org');
    shop.customers.delete('01900000-0000-7000-8000-0000000000ee');
    expect(await whoIs(client)).toBeUndefined();
  });
});

describe('protected routes', () => {
  const product = { name: 'N', description: 'D', category: 'c', priceCents: 1, stock: 1 };

  it('reject anonymous requests with 401', async () => {
    const client = newClient();
    const answers = [
      await client.get('/api/orders'),
      await client.get('/api/orders/01900000-0000-7000-8000-00000000000a'),
      await client.post('/api/orders', { payment: { method: 'credit' } }, { 'idempotency-key': 'k' }),
      await client.patch('/api/customers/me', { name: 'X' }),
      await client.put('/api/customers/me/password', { current: 'x', next: 'long-enough-now' }),
      await client.delete('/api/sessions'),
      await client.post('/api/products', product),
      await client.patch('/api/products/walnut-desk', { priceCents: 1 }, { 'if-match': '"1"' }),
      await client.post('/api/categories', { slug: 'x', name: 'X' }),
    ];
    for (const { status, body } of answers) expect([status, body.code]).toEqual([401, 'login_required']);
  });

  it('for staff reject customers with 403', async () => {
    const client = await newClient().logIn();
    const answers = [
      await client.post('/api/products', product),
      await client.patch('/api/products/walnut-desk', { priceCents: 1 }, { 'if-match': '"1"' }),
      await client.post('/api/categories', { slug: 'x', name: 'X' }),
    ];
    for (const { status, body } of answers) expect([status, body.code]).toEqual([403, 'forbidden']);
  });
});
