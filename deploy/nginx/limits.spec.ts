import { once } from 'node:events';
import { connect } from 'node:net';
import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { describeWithNginx, edgeFor } from '@shop/tools/edge/testing';
import { FakeGateway } from './fake-gateway.ts';
import type { Edge } from '@shop/tools/edge/edge';

/** Lets a test choose the client address whose requests are counted. */
const TRUSTING = { EDGE_RATE_LIMITS: 'on', EDGE_TRUST_PROXY: '127.0.0.0/8' };

describeWithNginx('limits', () => {
  let gateway: FakeGateway;

  beforeAll(async () => {
    gateway = await FakeGateway.start('only');
  });
  beforeEach(() => {
    gateway.seen.length = 0;
    gateway.answer = (_, response) => void response.end('{}');
  });
  afterAll(() => gateway.close());

  const ask = ({ url }: Edge, address: string, signal?: AbortSignal) =>
    fetch(`${url}/api/cart`, { headers: { 'x-forwarded-for': address }, ...(signal && { signal }) });

  test('count the requests of each address, and refuse with Retry-After', async () => {
    const edge = await edgeFor([gateway], { ...TRUSTING, EDGE_RATE: '5r/s', EDGE_BURST: '5' });
    const answers = [];
    for (let i = 0; i < 20; i++) answers.push(await ask(edge, '203.0.113.1'));
    expect(answers[0]!.status).toBe(200);
    const refused = answers.filter(({ status }) => status === 429);
    expect(refused.length).toBeGreaterThan(5);
    expect(refused[0]!.headers.get('retry-after')).toBe('1');
    expect(await refused[0]!.json()).toMatchObject({ code: 'rate_limited', status: 429 });
    await vi.waitUntil(async () => (await ask(edge, '203.0.113.1')).status === 200, { timeout: 10_000 });
  });

  test('are per IPv4 address or IPv6 /64, not for all clients together', async () => {
    const edge = await edgeFor([gateway], { ...TRUSTING, EDGE_RATE: '1r/m', EDGE_BURST: '1' });
    const exhausted = async (...addresses: string[]) => {
      const statuses = [];
      for (const address of addresses) statuses.push((await ask(edge, address)).status);
      return statuses;
    };
    expect(await exhausted('203.0.113.1', '203.0.113.1', '203.0.113.1')).toEqual([200, 200, 429]);
    expect(await exhausted('203.0.113.2')).toEqual([200]);
    expect(await exhausted('2001:db8::1', '2001:db8::ffff:0:0:2', '2001:db8::3')).toEqual([200, 200, 429]);
    expect(await exhausted('2001:db8:0:1::1', '2001:db8:1::1')).toEqual([200, 200]);
    expect(await exhausted('::ffff:203.0.113.3', '::ffff:203.0.113.3', '::ffff:203.0.113.4')).toEqual([200, 200, 200]);
  });

  test('count the connections of each address', async () => {
    const edge = await edgeFor([gateway], { ...TRUSTING, EDGE_CONNECTIONS: '3' });
    gateway.answer = () => {}; // holds the connection
    const held = new AbortController();
    const waiting = Array.from({ length: 3 }, () => ask(edge, '203.0.113.1', held.signal).catch(() => undefined));
    await vi.waitUntil(() => gateway.seen.length === 3);
    expect((await ask(edge, '203.0.113.1')).status).toBe(429);
    gateway.answer = (_, response) => void response.end('{}');
    expect((await ask(edge, '203.0.113.2')).status).toBe(200);
    held.abort();
    await Promise.all(waiting);
  });

  test('of time close connections that send their head or body too slowly', { timeout: 60_000 }, async () => {
    const edge = await edgeFor([gateway]);
    const port = Number(new URL(edge.url).port);
    const dawdlers = [
      'GET /api/cart HTTP/1.1\r\nHost: shop',
      'POST /api/orders HTTP/1.1\r\nHost: shop\r\nContent-Length: 10\r\n\r\n{',
    ].map(async (beginning) => {
      const socket = connect(port, '127.0.0.1');
      socket.resume().write(beginning);
      await once(socket, 'close');
    });
    await Promise.all(dawdlers);
    expect(gateway.seen).toEqual([]);
  });
});
