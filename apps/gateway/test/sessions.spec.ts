import { createHash } from 'node:crypto';
import type { CustomerAnswer, SessionAnswer } from '@shop/contracts/accounts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ADA, openShop, PASSWORD, SAM, Visitor, type Shop } from './shop.js';

let shop: Shop;
beforeAll(async () => {
  shop = await openShop({ RATE_LIMITS: 'off' });
});
afterAll(() => shop.stop());

const ada = { email: 'ada@example.org', password: PASSWORD };
const DAYS_MS = 24 * 3600 * 1000;

function visitor(): Visitor {
  return new Visitor(shop);
}
function keyOf({ cookie }: Visitor): string {
  return `session:${createHash('sha256').update(cookie!.split('=')[1]!).digest('base64url')}`;
}
async function whoIs(someone: Visitor): Promise<string | undefined> {
  const { status, body } = await someone.get<SessionAnswer>('/api/session');
  expect(status).toBe(200);
  return body.customer?.email;
}

describe('logging in', () => {
  it('answers the customer and sets a cookie that scripts and other sites do not get', async () => {
    const answer = await visitor().post<CustomerAnswer>('/api/session', ada);
    expect(answer.status).toBe(200);
    expect(answer.body).toEqual({ customer: { id: ADA, email: 'ada@example.org', name: 'Ada', role: 'customer' } });
    expect(answer.headers.get('cache-control')).toBe('no-store');
    const [cookie] = answer.headers.getSetCookie();
    expect(cookie).toMatch(/^session=[\w-]{43}; Max-Age=2592000; Path=\/; HttpOnly; SameSite=Lax$/);
  });

  it('makes the cookie Secure behind a proxy that is trusted and says https', async () => {
    const { app } = shop.running;
    const fastify = app.getHttpAdapter().getInstance();
    expect((await fastify.inject('/api/session')).statusCode).toBe(200);
    const secure = await openShop({ TRUST_PROXY: '127.0.0.1', RATE_LIMITS: 'off' });
    const someone = new Visitor(secure);
    const { headers } = await someone.post('/api/session', ada, { 'x-forwarded-proto': 'https' });
    expect(headers.getSetCookie()[0]).toMatch(/^__Host-session=[\w-]{43}; .*Path=\/; HttpOnly; Secure; SameSite=Lax$/);
    const seen = await someone.get<SessionAnswer>('/api/session', { 'x-forwarded-proto': 'https' });
    expect(seen.body.customer?.id).toBe(ADA);
    await secure.stop();
    const untrusting = await visitor().post('/api/session', ada, { 'x-forwarded-proto': 'https' });
    expect(untrusting.headers.getSetCookie()[0]).toMatch(/^session=/);
  });

  it('makes the cookie Secure when visitors are told an https address', async () => {
    const secure = await openShop({ PUBLIC_URL: 'https://shop.example.org', RATE_LIMITS: 'off' });
    const { headers } = await new Visitor(secure).post('/api/session', ada);
    expect(headers.getSetCookie()[0]).toMatch(/^__Host-session=.*Secure/);
    await secure.stop();
  });

  it('is refused alike for an unknown address and a wrong password', async () => {
    const unknown = await visitor().post('/api/session', { ...ada, email: 'nobody@example.org' });
    const wrong = await visitor().post('/api/session', { ...ada, password: 'wrong-password' });
    for (const { status, body, headers } of [unknown, wrong]) {
      expect(status).toBe(401);
      expect(body).toMatchObject({ code: 'bad_credentials', detail: wrong.body.detail });
      expect(headers.getSetCookie()).toEqual([]);
    }
  });

  it('gives the session a new id, and the old one is worth nothing', async () => {
    const someone = await visitor().logIn();
    const before = someone.cookie;
    await someone.logIn();
    expect(someone.cookie).not.toBe(before);
    const thief = visitor();
    thief.cookie = before;
    expect(await whoIs(thief)).toBeUndefined();
    expect(await whoIs(someone)).toBe('ada@example.org');
  });

  it('never takes up an id that somebody planted', async () => {
    const someone = visitor();
    const planted = `session=${'A'.repeat(43)}`;
    someone.cookie = planted;
    await someone.put('/api/cart/lines/walnut-desk', { quantity: 1 });
    expect(someone.cookie).not.toBe(planted);
    expect(await shop.redis.exists(`session:${createHash('sha256').update('A'.repeat(43)).digest('base64url')}`)).toBe(
      0,
    );
  });
});

describe('a session', () => {
  it('is kept under the hash of its id only', async () => {
    const someone = await visitor().logIn();
    const id = someone.cookie!.split('=')[1]!;
    const keys = await shop.redis.keys('*');
    expect(keys.some((key) => key.includes(id))).toBe(false);
    expect(await shop.redis.get(keyOf(someone))).toBe(ADA);
  });

  it('is none when the cookie is garbage', async () => {
    const garbage = ['x', '', '%', 'A'.repeat(5000), `${'A'.repeat(42)}é`, '"; drop', 'a=b; session=c', '\u00ff'];
    for (const cookie of garbage.map((value) => `session=${value}`)) {
      const response = await shop.running.app
        .getHttpAdapter()
        .getInstance()
        .inject({ url: '/api/session', headers: { cookie } });
      expect([response.statusCode, response.json()], cookie).toEqual([200, { customer: null }]);
    }
  });

  it('lives on with use, but its end is moved once a minute at most', async () => {
    const someone = await visitor().logIn();
    const key = keyOf(someone);
    const still = await someone.get('/api/session');
    expect(still.headers.getSetCookie()).toEqual([]);

    await shop.redis.pexpire(key, 30 * DAYS_MS - 61_000);
    const moved = await someone.get('/api/session');
    expect(moved.headers.getSetCookie()[0]).toContain(`${someone.cookie}; Max-Age=2592000`);
    expect(await shop.redis.pttl(key)).toBeGreaterThan(30 * DAYS_MS - 30_000);
    expect((await someone.get('/api/session')).headers.getSetCookie()).toEqual([]);
  });

  it('ends at log-out, for whoever else has its cookie too', async () => {
    const someone = await visitor().logIn();
    const other = visitor();
    other.cookie = someone.cookie;
    const answer = await someone.delete('/api/session');
    expect([answer.status, answer.body]).toEqual([204, undefined]);
    expect(answer.headers.getSetCookie()[0]).toMatch(/^session=; Max-Age=0/);
    expect(await whoIs(other)).toBeUndefined();
    expect((await other.delete('/api/session')).status).toBe(204);
  });

  it('ends with all of this customer at DELETE /api/sessions, and nobody else is touched', async () => {
    const [phone, laptop, sam] = [
      await visitor().logIn(),
      await visitor().logIn(),
      await visitor().logIn('sam@example.org'),
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

  it('stays and all others end when the password changes', async () => {
    const [here, elsewhere] = [await visitor().logIn(), await visitor().logIn()];
    const wrong = await here.put('/api/customers/me/password', { current: 'not-it-at-all', next: 'battery-staple' });
    expect(wrong.body).toMatchObject({ status: 401, code: 'bad_credentials' });
    expect(await whoIs(elsewhere)).toBe('ada@example.org');
    const changed = await here.put('/api/customers/me/password', { current: PASSWORD, next: 'battery-staple' });
    expect(changed.status).toBe(204);
    expect([await whoIs(here), await whoIs(elsewhere)]).toEqual(['ada@example.org', undefined]);
  });

  it('is one of twenty at most: a further log-in ends the one that was used longest ago', async () => {
    await shop.redis.flushdb();
    const devices: Visitor[] = [];
    for (let i = 0; i < 20; i++) devices.push(await visitor().logIn());
    const [first, second] = devices as [Visitor, Visitor];
    // The first is in use: its end moves.
    await shop.redis.pexpire(keyOf(first), 30 * DAYS_MS - 61_000);
    expect(await whoIs(first)).toBe('ada@example.org');
    devices.push(await visitor().logIn());
    expect([await whoIs(first), await whoIs(second)]).toEqual(['ada@example.org', undefined]);
    await Promise.all(Array.from({ length: 50 }, () => visitor().logIn()));
    expect(await shop.redis.zcard(`sessions-of:${ADA}`)).toBe(20);
    expect(await shop.redis.keys('session:*')).toHaveLength(20);
  });

  it('forgets sessions that have ended by themselves', async () => {
    await shop.redis.zadd(`sessions-of:${ADA}`, Date.now() - 1, 'long-gone');
    await visitor().logIn();
    expect(await shop.redis.zscore(`sessions-of:${ADA}`, 'long-gone')).toBeNull();
  });
});

describe('registering', () => {
  it('logs in', async () => {
    const someone = visitor();
    const grace = { email: 'Grace@example.org', password: PASSWORD, name: 'Grace' };
    const { status, body } = await someone.post<CustomerAnswer>('/api/customers', grace);
    expect(status).toBe(201);
    expect(body.customer).toMatchObject({ email: 'grace@example.org', name: 'Grace', role: 'customer' });
    expect(await whoIs(someone)).toBe('grace@example.org');
    expect((await visitor().post('/api/customers', grace)).body).toMatchObject({ status: 409, code: 'email_taken' });
  });
});

describe('who a customer is', () => {
  it('is asked of accounts once, and again after a change', async () => {
    await shop.emptyCache();
    const someone = await visitor().logIn();
    const asked = () => shop.calls.get('accounts.getCustomer')?.length ?? 0;
    const before = asked();
    for (let i = 0; i < 5; i++) await whoIs(someone);
    expect(asked() - before).toBe(1);
    const { body } = await someone.patch<CustomerAnswer>('/api/customers/me', { name: ' Ada L. ' });
    expect(body.customer.name).toBe('Ada L.');
    expect((await someone.get<SessionAnswer>('/api/session')).body.customer?.name).toBe('Ada L.');
    expect(asked() - before).toBe(2);
  });

  it('is nobody once the customer is no more', async () => {
    shop.customers.set('01900000-0000-7000-8000-0000000000ee', {
      ...shop.customers.get(SAM)!,
      id: '01900000-0000-7000-8000-0000000000ee',
      email: 'gone@example.org',
    });
    const someone = await visitor().logIn('gone@example.org');
    shop.customers.delete('01900000-0000-7000-8000-0000000000ee');
    expect(await whoIs(someone)).toBeUndefined();
  });
});

describe('routes for some', () => {
  const product = { name: 'N', description: 'D', category: 'c', priceCents: 1, stock: 1 };

  it('ask an anonymous visitor to log in', async () => {
    const someone = visitor();
    const answers = [
      await someone.get('/api/orders'),
      await someone.get('/api/orders/01900000-0000-7000-8000-00000000000a'),
      await someone.post('/api/orders', { payment: { method: 'credit' } }, { 'idempotency-key': 'k' }),
      await someone.patch('/api/customers/me', { name: 'X' }),
      await someone.put('/api/customers/me/password', { current: 'x', next: 'long-enough-now' }),
      await someone.delete('/api/sessions'),
      await someone.post('/api/products', product),
      await someone.patch('/api/products/walnut-desk', { priceCents: 1 }, { 'if-match': '"1"' }),
      await someone.post('/api/categories', { slug: 'x', name: 'X' }),
    ];
    for (const { status, body } of answers) expect([status, body.code]).toEqual([401, 'login_required']);
  });

  it('are forbidden to a customer when they are for staff', async () => {
    const someone = await visitor().logIn();
    const answers = [
      await someone.post('/api/products', product),
      await someone.patch('/api/products/walnut-desk', { priceCents: 1 }, { 'if-match': '"1"' }),
      await someone.post('/api/categories', { slug: 'x', name: 'X' }),
    ];
    for (const { status, body } of answers) expect([status, body.code]).toEqual([403, 'forbidden']);
  });
});
