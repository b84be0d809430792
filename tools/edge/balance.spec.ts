import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { freePort } from '../ports.ts';
import type { Edge } from './edge.ts';
import { describeWithNginx, edgeFor, FakeGateway, startNameServer } from './edge-under-test.ts';

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

  // Each nginx worker goes round by itself, but all share one zone, so the counts are exact.
  test('take turns by round_robin', async () => {
    expect(await askOften(await edgeBy('round_robin'), 30)).toEqual({ a: 10, b: 10, c: 10 });
  });

  test.each(['random', 'least_conn'])('all get requests by %s, and those that are busy get fewer', async (balance) => {
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
    // Three held against two thirds of the others would be nine requests in turns; the busy one is avoided.
    expect(sent).toBeGreaterThan(9);
    for (const end of held) end();
    await Promise.all(asking);
  });

  test('keep one address to themselves by ip_hash', async () => {
    expect(Object.values(await askOften(await edgeBy('ip_hash'), 20))).toEqual([20]);
  });

  test('keep a visitor by sticky_cookie, and pass him on when they are gone', async () => {
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
    // Nor does a page that is the same for everybody carry such a cookie.
    own.answer = (_, response) => void response.setHeader('cache-control', 'public, max-age=1').end(own.name);
    expect((await fetch(`${edge.url}/api/products`)).headers.get('set-cookie')).toBeNull();
  });

  test('that are gone cost no request, and get some again when they are back', async () => {
    const edge = await edgeBy('round_robin');
    const [gone] = gateways as [FakeGateway];
    await gone.close();
    const get = await askOften(edge, 20);
    expect(Object.keys(get).sort()).toEqual(['b', 'c']);
    // A connection that is refused has carried nothing, so a POST may go elsewhere too.
    for (let i = 0; i < 6; i++) expect(await ask(edge, { method: 'POST', body: '{}' })).toMatch(/^[bc]$/);
    await gone.open();
    await vi.waitUntil(async () => 'a' in (await askOften(edge, 3)), { timeout: 10_000, interval: 200 });
  });

  test('never get a POST that another has begun, but a GET', async () => {
    const edge = await edgeBy('round_robin');
    const seen = () => gateways.flatMap((gateway) => gateway.seen);
    for (const gateway of gateways) gateway.answer = (request) => void request.socket.destroy();
    const order = await fetch(`${edge.url}/api/orders`, { method: 'POST', body: '{}' });
    expect([order.status, seen().length]).toEqual([503, 1]);
    await order.text();
    const cart = await fetch(`${edge.url}/api/cart`);
    expect([cart.status, seen().length]).toEqual([503, 3]);
  });

  test('come and go by their name', async () => {
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
});
