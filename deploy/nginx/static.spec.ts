import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { gzipSync } from 'node:zlib';
import { request, type IncomingMessage } from 'node:http';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { describeWithNginx, edgeFor } from '@shop/tools/edge/testing';
import { FakeGateway } from './fake-gateway.ts';
import type { Edge } from '@shop/tools/edge/edge';

const script = `console.log(${'"the storefront"'.repeat(200)})`;
/** Distinct from what nginx would compress itself. */
const compressed = gzipSync(script, { level: 9 });

describeWithNginx('files of the storefront', () => {
  const dir = mkdtempSync(join(tmpdir(), 'shop-assets-'));
  let gateway: FakeGateway;
  let edge: Edge;

  beforeAll(async () => {
    chmodSync(dir, 0o755); // nginx's workers are another user
    mkdirSync(join(dir, 'assets'));
    writeFileSync(join(dir, 'assets/main-1a2b.js'), script);
    writeFileSync(join(dir, 'assets/main-1a2b.js.gz'), compressed);
    writeFileSync(join(dir, 'secret.txt'), 'of the folder above');
    gateway = await FakeGateway.start('only');
    edge = await edgeFor([gateway], { EDGE_ASSETS_DIR: dir });
  });
  beforeEach(() => {
    gateway.seen.length = 0;
  });
  afterAll(async () => {
    await gateway.close();
    rmSync(dir, { recursive: true, force: true });
  });

  /** The exact bytes: fetch would decompress them. */
  async function raw(path: string, headers: Record<string, string>) {
    const response = await new Promise<IncomingMessage>((resolve, reject) =>
      request(edge.url, { path, headers }, resolve).once('error', reject).end(),
    );
    return { status: response.statusCode, headers: response.headers, body: await buffer(response) };
  }

  test('are sent precompressed and immutable, without a request to a gateway', async () => {
    const packed = await raw('/assets/main-1a2b.js', { 'accept-encoding': 'gzip' });
    expect(packed.body).toEqual(compressed);
    expect(packed.headers).toMatchObject({
      'content-encoding': 'gzip',
      'content-type': expect.stringMatching(/javascript/),
      'cache-control': 'public, max-age=31536000, immutable',
      'x-content-type-options': 'nosniff',
      'access-control-allow-origin': '*',
    });
    const plain = await raw('/assets/main-1a2b.js', { 'accept-encoding': 'identity' });
    expect(plain.body.toString()).toBe(script);
    expect(plain.headers['content-encoding']).toBeUndefined();
    expect(gateway.seen).toEqual([]);
  });

  test('of another version are requested from a gateway during a roll-out', async () => {
    gateway.answer = (_, response) => void response.setHeader('access-control-allow-origin', '*').end('newer');
    const { headers, body } = await raw('/assets/main-2b3c.js', {});
    // Only one header: browsers reject two.
    expect([headers['access-control-allow-origin'], body.toString()]).toEqual(['*', 'newer']);
  });

  test('that are missing there too are a problem that is not cached', async () => {
    const problem = { 'content-type': 'application/problem+json', 'cache-control': 'no-store' };
    gateway.answer = (_, response) => void response.writeHead(404, problem).end('{}');
    const { status, headers } = await raw('/assets/main-old.js', {});
    expect(status).toBe(404);
    expect(headers['content-type']).toMatch(/problem\+json/);
    expect(headers['cache-control'] ?? '').not.toContain('immutable');
  });

  // secret.txt is beside the folder of the assets.
  test.each([
    ['/secret.txt', 200, 'only'],
    ['/assets../secret.txt', 200, 'only'],
    ['/assets/../secret.txt', 400, 'invalid_request'],
    ['/assets/..%2fsecret.txt', 400, 'invalid_request'],
    ['/assets//../secret.txt', 400, 'invalid_request'],
    ['/assets/%2e%2e/secret.txt', 400, 'invalid_request'],
  ])('do not lead out of their folder: %s', async (path, expected, words) => {
    gateway.answer = (_, response) => void response.end('only');
    const { status, body } = await raw(path, {});
    expect([status, body.toString()]).toEqual([expected, expect.stringContaining(words)]);
  });
});
