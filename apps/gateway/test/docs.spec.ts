import { createHash } from 'node:crypto';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { openShop, Client, type Shop } from './shop.js';

// The real module, whose first call fails.
vi.mock('../src/docs/openapi.js', async (original) => {
  const real = await original<typeof import('../src/docs/openapi.js')>();
  const fail = () => {
    throw new Error('once');
  };
  return { ...real, describeApi: vi.fn(real.describeApi).mockImplementationOnce(fail) };
});

let shop: Shop;
beforeAll(async () => {
  shop = await openShop();
});
afterAll(() => shop.stop());

it('the API description is built again after a failure', async () => {
  const client = new Client(shop);
  expect((await client.get('/api/openapi.json')).status).toBe(500);
  const { status, body } = await client.get<{ openapi: string }>('/api/openapi.json');
  expect([status, body.openapi]).toEqual([200, '3.0.3']);
});

it('the CSP of the docs page allows only its own scripts', async () => {
  const page = await fetch(`${shop.url}/api/docs`);
  const policy = page.headers.get('content-security-policy')!;
  const scripts = [...(await page.text()).matchAll(/<script>([^]*?)<\/script>/g)].map(([, script]) => script!);
  const hashes = scripts.map((script) => `'sha256-${createHash('sha256').update(script).digest('base64')}'`);
  expect(policy).toContain(`script-src 'self' ${hashes.join(' ')};`);
  expect(policy).toContain("default-src 'none'; ");
  expect(policy).toContain("frame-ancestors 'none'");
  expect(hashes).toHaveLength(1);
});

it('files of the docs page are cacheable for an hour, unknown files are not cacheable', async () => {
  const control = async (file: string) => (await fetch(`${shop.url}/api/docs/${file}`)).headers.get('cache-control');
  for (const file of ['swagger-ui-bundle.js', 'swagger-ui.css', 'favicon-32x32.png'])
    expect(await control(file), file).toBe('public, max-age=3600');
  expect(await control('package.json')).toBe('no-store');
});
