import { beforeEach, afterEach, expect, it, vi } from 'vitest';
import { DESK, openShop, PASSWORD, Client, type Shop } from './shop.js';

let shop: Shop;
beforeEach(async () => {
  shop = await openShop({ TRUST_PROXY: '127.0.0.1' });
});
afterEach(() => shop.stop());

const logIn = (email: string, password: string, address = '192.0.2.1') =>
  new Client(shop).post('/api/session', { email, password }, { 'x-forwarded-for': address });
const count = (statuses: { status: number }[], wanted: number) =>
  statuses.filter(({ status }) => status === wanted).length;

it('allows ten wrong passwords for one account from one address, even in a burst, and no other address is locked out', async () => {
  const burst = await Promise.all(Array.from({ length: 30 }, () => logIn('ada@example.org', 'wrong')));
  expect([count(burst, 401), count(burst, 429)]).toEqual([10, 20]);
  const refused = await logIn('ADA@example.org', PASSWORD);
  expect(refused.body).toMatchObject({ status: 429, code: 'rate_limited' });
  expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(800);
  expect((await logIn('sam@example.org', PASSWORD)).status).toBe(200);
  expect((await logIn('ada@example.org', PASSWORD, '192.0.2.2')).status).toBe(200);
});

it('allows a hundred wrong passwords for one account from all addresses', async () => {
  const burst = await Promise.all(
    Array.from({ length: 120 }, (_, i) => logIn('ada@example.org', 'wrong', `192.0.2.${i}`)),
  );
  expect([count(burst, 401), count(burst, 429)]).toEqual([100, 20]);
  expect((await logIn('ada@example.org', PASSWORD, '198.51.100.1')).status).toBe(429);
});

it('allows three hundred new anonymous carts from one address, and all existing sessions', async () => {
  const put = (client: Client, address: string) =>
    client.call('PUT', '/api/cart/lines/lamp', { body: { quantity: 1 }, headers: { 'x-forwarded-for': address } });
  const clients = Array.from({ length: 303 }, () => new Client(shop));
  const answers = await Promise.all(clients.map((client) => put(client, '192.0.2.1')));
  expect([count(answers, 200), count(answers, 429)]).toEqual([300, 3]);
  expect(await shop.redis.keys('session:*')).toHaveLength(300);
  const known = clients.find(({ cookie }) => cookie)!;
  expect((await put(known, '192.0.2.1')).status).toBe(200);
  expect((await put(new Client(shop), '192.0.2.2')).status).toBe(200);
});

it('limits unknown accounts like existing ones', async () => {
  const tries = [];
  for (let i = 0; i < 12; i++) tries.push(await logIn('nobody@example.org', 'wrong'));
  expect([count(tries, 401), count(tries, 429)]).toEqual([10, 2]);
});

it('allows a hundred wrong passwords from one address or one IPv6 network', async () => {
  for (const address of [() => '192.0.2.7', (i: number) => `2001:db8:1:2::${i.toString(16)}`]) {
    const tries = await Promise.all(
      Array.from({ length: 110 }, (_, i) => logIn(`${address(i)}-${i}@example.org`, 'wrong', address(i))),
    );
    expect([count(tries, 401), count(tries, 429)]).toEqual([100, 10]);
  }
  expect((await logIn('ada@example.org', PASSWORD, '2001:db8:1:3::1')).status).toBe(200);
});

it('does not count concurrent right passwords', async () => {
  for (let i = 0; i < 15; i++) expect((await logIn('ada@example.org', PASSWORD)).status).toBe(200);
  const burst = await Promise.all(Array.from({ length: 30 }, () => logIn('ada@example.org', PASSWORD)));
  expect(count(burst, 200)).toBe(30);
});

it('reveals no more guesses in a burst, not even a right one', async () => {
  const check = shop.accounts.checkCredentials!;
  let answerRightOne!: () => void;
  const held = new Promise<void>((resolve) => (answerRightOne = resolve));
  shop.accounts.checkCredentials = async (input) => {
    if (input.password === PASSWORD) await held;
    return check(input);
  };
  const right = logIn('ada@example.org', PASSWORD);
  await vi.waitFor(() => expect(shop.calls.get('accounts.checkCredentials')).toHaveLength(1));
  const wrong = await Promise.all(Array.from({ length: 25 }, () => logIn('ada@example.org', 'wrong')));
  expect([count(wrong, 401), count(wrong, 429)]).toEqual([10, 15]);
  answerRightOne();
  const { status, headers } = await right;
  expect([status, headers.getSetCookie()]).toEqual([429, []]);
});

it('checks at most thirty passwords at a time for one account from one address', async () => {
  const check = shop.accounts.checkCredentials!;
  let answerAll!: () => void;
  const held = new Promise<void>((resolve) => (answerAll = resolve));
  shop.accounts.checkCredentials = async (input) => {
    await held;
    return check(input);
  };
  let answered = 0;
  const burst = Array.from({ length: 50 }, () => logIn('ada@example.org', PASSWORD).finally(() => answered++));
  await vi.waitFor(() => expect(answered).toBe(20));
  answerAll();
  const answers = await Promise.all(burst);
  expect([count(answers, 200), count(answers, 429)]).toEqual([30, 20]);
  expect((await logIn('ada@example.org', PASSWORD)).status).toBe(200);
});

it('limits guesses of the current password in a password change', async () => {
  const ada = await new Client(shop).logIn();
  const tries = [];
  for (let i = 0; i < 12; i++)
    tries.push(await ada.put('/api/customers/me/password', { current: 'wrong', next: 'long-enough-now' }));
  expect([count(tries, 401), count(tries, 429)]).toEqual([10, 2]);
});

it('limits registrations per address and orders per customer', async () => {
  const register = (i: number) =>
    new Client(shop).post('/api/customers', { email: `${i}@example.org`, password: 'long-enough-now', name: 'N' });
  const registered = await Promise.all(Array.from({ length: 103 }, (_, i) => register(i)));
  expect([count(registered, 201), count(registered, 429)]).toEqual([100, 3]);

  const ada = await new Client(shop).logIn();
  const body = { payment: { method: 'credit' }, lines: [{ productId: DESK, quantity: 1 }] };
  const orders = await Promise.all(
    Array.from({ length: 63 }, (_, i) => ada.post('/api/orders', body, { 'idempotency-key': String(i) })),
  );
  expect([count(orders, 202), count(orders, 429)]).toEqual([60, 3]);
});

it('limits nothing with RATE_LIMITS=off', async () => {
  const unlimited = await openShop({ RATE_LIMITS: 'off' });
  for (let i = 0; i < 20; i++) {
    const { status } = await new Client(unlimited).post('/api/session', {
      email: 'ada@example.org',
      password: 'wrong',
    });
    expect(status).toBe(401);
  }
  await unlimited.stop();
});
