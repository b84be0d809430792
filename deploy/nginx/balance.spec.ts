import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { freePort } from '@shop/tools/ports';
import type { Edge } from '@shop/tools/edge/edge';
import { describeWithNginx, edgeFor } from '@shop/tools/edge/testing';
import { FakeGateway, raw, startNameServer, startSilent } from './fake-gateway.ts';

describeWithNginx('several gateways', () => {
  let gateways: FakeGateway[];
  beforeAll(async () => {
    gateways = await Promise.all(['a', 'b', 'c'].map((name) => FakeGateway.start(name)));
  });
  beforeEach(() => {
    for (const gateway of gateways) {
      gateway.seen.length = 0;
      gateway.answer = (_, response) => void response.end(gateway.name);
    }
  });
  afterAll(() => Promise.all(gateways.map((gateway) => gateway.close())));

  const ask = async ({ url }: Edge, init?: RequestInit) => (await fetch(`${url}/api/cart`, init)).text();
  const askOften = async (edge: Edge, times: number) => {
    const counts: Record<string, number> = {};
    for (let i = 0; i < times; i++) {
      const name = await ask(edge);
      counts[name] = (counts[name] ?? 0) + 1;
    }
    return counts;
  };
  const edgeBy = (EDGE_BALANCE: string) => edgeFor(gateways, { EDGE_BALANCE });

  // All nginx workers share one zone, so the counts are exact.
  test('take turns by round_robin', async () => {
    expect(await askOften(await edgeBy('round_robin'), 30)).toEqual({ a: 10, b: 10, c: 10 });
  });

  test.each(['random', 'least_conn'])('all get requests by %s, and busy ones fewer', async (balance) => {
    const edge = await edgeBy(balance);
    expect(Object.keys(await askOften(edge, 60)).sort()).toEqual(['a', 'b', 'c']);
    const [busy] = gateways as [FakeGateway];
    const held: (() => void)[] = [];
    busy.answer = (_, response) => void held.push(() => response.end('late'));
    let [sent, answered] = [0, 0];
    const asking = [];
    for (; held.length < 3 && sent < 200; sent++) {
      const answer = ask(edge).then((name) => (name === 'late' ? undefined : (answered += 1)));
      asking.push(answer);
      await vi.waitUntil(() => answered + held.length === sent + 1, { interval: 1 });
    }
    // In turns, three held requests would come with six others; the busy gateway is avoided.
    expect(sent).toBeGreaterThan(9);
    for (const end of held) end();
    await Promise.all(asking);
  });

  test('get all requests of one client address by ip_hash', async () => {
    expect(Object.values(await askOften(await edgeBy('ip_hash'), 20))).toEqual([20]);
  });

  test('keep a client by sticky_cookie, and fail over when they are down', async () => {
    const edge = await edgeBy('sticky_cookie');
    const first = await fetch(`${edge.url}/api/cart`);
    const name = await first.text();
    const cookie = first.headers.get('set-cookie')!.split(';')[0]!;
    expect(first.headers.get('set-cookie')).toMatch(/^edge=\w+; httponly; samesite=lax; path=\/$/);
    const again = () => ask(edge, { headers: { cookie } });
    for (let i = 0; i < 10; i++) expect(await again()).toBe(name);
    const own = gateways.find((gateway) => gateway.name === name)!;
    await own.close();
    expect(await again()).not.toBe(name);
    await own.open();
    // A public page does not carry the cookie.
    own.answer = (_, response) => void response.setHeader('cache-control', 'public, max-age=1').end(own.name);
    expect((await fetch(`${edge.url}/api/products`)).headers.get('set-cookie')).toBeNull();
  });

  test('fail no request while one is down, and get requests again when they are back', async () => {
    const edge = await edgeBy('round_robin');
    const [gone] = gateways as [FakeGateway];
    await gone.close();
    const get = await askOften(edge, 20);
    expect(Object.keys(get).sort()).toEqual(['b', 'c']);
    // A refused connection has sent nothing, so a POST may be retried too.
    for (let i = 0; i < 6; i++) expect(await ask(edge, { method: 'POST', body: '{}' })).toMatch(/^[bc]$/);
    await gone.open();
    await vi.waitUntil(async () => 'a' in (await askOften(edge, 3)), { timeout: 10_000, interval: 200 });
  });

  test('are all tried when others refuse the connection, and /startupz succeeds as soon as one answers', async () => {
    const [one] = gateways as [FakeGateway];
    const unused = await Promise.all([1, 2, 3, 4].map(() => freePort()));
    const edge = await edgeFor([...unused.map((port) => ({ address: `127.0.0.1:${port}` })), one], {
      EDGE_BALANCE: 'round_robin',
    });
    for (let i = 0; i < 5; i++) expect(await ask(edge, { method: 'POST', body: '{}' })).toBe('a');
    const started = async () => (await fetch(`${edge.opsUrl}/startupz`)).status;
    expect(await started()).toBe(200);
    await one.close();
    expect(await started()).toBe(502);
    await one.open();
    await expect.poll(started, { timeout: 10_000, interval: 200 }).toBe(200);
  });

  test('are ejected for two seconds after three failures', async () => {
    let attempts = 0;
    const failing = createServer((socket) => void (attempts++, socket.destroy())).listen(await freePort(), '127.0.0.1');
    await once(failing, 'listening');
    const { port } = failing.address() as AddressInfo;
    const edge = await edgeFor([{ address: `127.0.0.1:${port}` }, ...gateways], { EDGE_BALANCE: 'round_robin' });
    const startedAt = performance.now();
    expect(Object.keys(await askOften(edge, 80)).sort()).toEqual(['a', 'b', 'c']);
    expect(attempts).toBeGreaterThanOrEqual(3);
    // Without ejection it would be twenty.
    expect(attempts).toBeLessThanOrEqual(4 + (performance.now() - startedAt) / 2000);
    failing.close();
  });

  test.each([
    ['POST', '/api/orders'],
    ['PATCH', '/api/products/mug'],
    ['PUT', '/api/customers/me/password'],
  ])('never get a retry of %s %s after another has received it', async (method, path) => {
    const edge = await edgeBy('round_robin');
    for (const gateway of gateways) gateway.answer = (request) => void request.socket.destroy();
    const answer = await fetch(edge.url + path, { method, body: '{}' });
    expect([answer.status, gateways.flatMap(({ seen }) => seen).length]).toEqual([503, 1]);
  });

  test.each([
    ['GET', '/api/cart'],
    ['PUT', '/api/cart/lines/mug'],
    ['DELETE', '/api/cart/lines/mug'],
  ])('get one retry of %s %s after another has received it', async (method, path) => {
    const edge = await edgeBy('round_robin');
    for (const gateway of gateways) gateway.answer = (request) => void request.socket.destroy();
    const answer = await fetch(edge.url + path, { method });
    expect([answer.status, gateways.flatMap(({ seen }) => seen).length]).toEqual([503, 2]);
  });

  test.each([3000, 3300, 3470, 3500, 7500])(
    'are not ejected because an address of %i characters or a long host name is refused',
    async (length) => {
      const edge = await edgeBy('round_robin');
      for (const gateway of gateways)
        gateway.answer = (_, response) => void response.setHeader('x-policy', 'p'.repeat(2000)).end(gateway.name);
      const headers = { host: `${'h'.repeat(length - 100)}.example` };
      for (let i = 0; i < 10; i++)
        for (const path of ['/api/cart?', '/api/products?', '/products?'])
          expect((await raw(edge.url, path.padEnd(length, 'a'), headers)).status).toBe(200);
      expect(await ask(edge)).toMatch(/^[abc]$/);
    },
  );

  test('are added and removed by DNS', async () => {
    const port = await freePort();
    const names = await startNameServer();
    const [first, second] = await Promise.all([
      FakeGateway.start('first', { port, host: '127.0.0.1' }),
      FakeGateway.start('second', { port, host: '127.0.0.2' }),
    ]);
    names.addresses = ['127.0.0.1'];
    const edge = await edgeFor(`gateway.test:${port}`, { EDGE_RESOLVER: `127.0.0.1:${names.port}` });
    const known = async () => Object.keys(await askOften(edge, 8)).sort();
    try {
      await vi.waitUntil(async () => (await known()).join() === 'first', { timeout: 10_000 });
      names.addresses = ['127.0.0.1', '127.0.0.2'];
      await vi.waitUntil(async () => (await known()).join() === 'first,second', { timeout: 10_000, interval: 100 });
      names.addresses = ['127.0.0.2'];
      await vi.waitUntil(async () => (await known()).join() === 'second', { timeout: 10_000, interval: 100 });
    } finally {
      names.stop();
      await Promise.all([first.close(), second.close()]);
    }
  });

  test('get the requests of an unreachable one, also when its DNS record is removed meanwhile', async () => {
    const port = await freePort();
    const names = await startNameServer();
    const first = await FakeGateway.start('first', { port });
    const silent = await startSilent('127.0.0.2', port);
    names.addresses = ['127.0.0.1', '127.0.0.2'];
    const settings = { EDGE_RESOLVER: `127.0.0.1:${names.port}`, EDGE_BALANCE: 'round_robin' };
    const edge = await edgeFor(`gateway.test:${port}`, settings);
    try {
      const sent: Promise<number>[] = [];
      names.addresses = ['127.0.0.1'];
      // Longer than the connect timeout and than the TTL of the name.
      for (; sent.length < 100; await sleep(30))
        sent.push(fetch(`${edge.url}/api/orders`, { method: 'POST', body: '{}' }).then(({ status }) => status));
      expect(await Promise.all(sent)).toEqual(sent.map(() => 200));
      expect(first.seen.length).toBe(sent.length);
      expect(new Set(first.seen.map(({ method, body }) => method + body))).toEqual(new Set(['POST{}']));
    } finally {
      names.stop();
      silent.stop();
      await first.close();
    }
  });
});
