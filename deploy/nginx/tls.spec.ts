import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { connect, type ClientHttp2Session } from 'node:http2';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { freePort } from '@shop/tools/ports';
import { describeWithNginx, edgeFor } from '@shop/tools/edge/testing';
import { FakeGateway, raw } from './fake-gateway.ts';
import type { Edge } from '@shop/tools/edge/edge';

describeWithNginx('the edge with a certificate', () => {
  const dir = mkdtempSync(join(tmpdir(), 'shop-tls-'));
  let gateway: FakeGateway;
  let inClear: Edge;
  let port: number;
  let session: ClientHttp2Session;

  beforeAll(async () => {
    const [key, certificate] = [join(dir, 'tls.key'), join(dir, 'tls.crt')];
    const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost'];
    const options = ['-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '1'];
    execFileSync('openssl', ['req', ...options, ...subject, '-keyout', key, '-out', certificate], { stdio: 'ignore' });
    gateway = await FakeGateway.start('only');
    gateway.answer = (_, response) => void response.end('{}');
    port = await freePort();
    inClear = await edgeFor([gateway], {
      EDGE_TLS: 'on',
      EDGE_TLS_PORT: String(port),
      EDGE_TLS_PUBLIC_PORT: String(port),
      EDGE_TLS_CERTIFICATE: certificate,
      EDGE_TLS_KEY: key,
    });
    session = connect(`https://localhost:${port}`, { ca: readFileSync(certificate) });
  });
  beforeEach(() => void (gateway.seen.length = 0));
  afterAll(async () => {
    session.close();
    await gateway.close();
    rmSync(dir, { recursive: true });
  });

  test('speaks TLS and HTTP/2', async () => {
    const stream = session.request({ ':path': '/api/cart' });
    const headers = await new Promise<Record<string, unknown>>((resolve) => stream.once('response', resolve));
    expect(headers).toMatchObject({ ':status': 200, 'strict-transport-security': 'max-age=31536000' });
    expect(await text(stream)).toBe('{}');
    expect(gateway.seen[0]!.headers['x-forwarded-proto']).toBe('https');
  });

  test('gives each request of a connection its own id', async () => {
    await Promise.all(Array.from({ length: 6 }, () => text(session.request({ ':path': '/api/cart' }))));
    expect(new Set(gateway.seen.map(({ headers }) => headers['x-request-id'])).size).toBe(6);
  });

  test('refuses requests that are too large with a problem', async () => {
    const large = session.request({ ':method': 'POST', ':path': '/api/orders', 'content-length': 200_000 });
    large.end(Buffer.alloc(200_000));
    expect(JSON.parse(await text(large))).toMatchObject({ status: 413, code: 'payload_too_large' });
  });

  test('serves nothing without TLS', async () => {
    for (const url of [inClear.url, `http://127.0.0.1:${port}`]) {
      const sent = await raw(url, '/api/cart?a=1', {}, 'POST');
      expect([sent.status, sent.headers.location]).toEqual([308, `https://127.0.0.1:${port}/api/cart?a=1`]);
    }
    expect(gateway.seen).toEqual([]);
  });
});
