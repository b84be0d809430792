import { createHash } from 'node:crypto';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { openShop, Visitor, type Shop } from './shop.js';

// The real one, which fails once.
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

it('is described although describing it failed before', async () => {
  const visitor = new Visitor(shop);
  expect((await visitor.get('/api/openapi.json')).status).toBe(500);
  const { status, body } = await visitor.get<{ openapi: string }>('/api/openapi.json');
  expect([status, body.openapi]).toEqual([200, '3.0.3']);
});

it('runs on its page no script but its own', async () => {
  const page = await fetch(`${shop.url}/api/docs`);
  const policy = page.headers.get('content-security-policy')!;
  const scripts = [...(await page.text()).matchAll(/<script>([^]*?)<\/script>/g)].map(([, script]) => script!);
  const hashes = scripts.map((script) => `'sha256-${createHash('sha256').update(script).digest('base64')}'`);
  expect(policy).toContain(`script-src 'self' ${hashes.join(' ')};`);
  expect(policy).toContain("default-src 'none'; ");
  expect(policy).toContain("frame-ancestors 'none'");
  expect(hashes).toHaveLength(1);
});

it('lets browsers keep for an hour what the page is made of, but not what does not exist', async () => {
  const control = async (file: string) => (await fetch(`${shop.url}/api/docs/${file}`)).headers.get('cache-control');
  for (const file of ['swagger-ui-bundle.js', 'swagger-ui.css', 'favicon-32x32.png'])
    expect(await control(file), file).toBe('public, max-age=3600');
  expect(await control('package.json')).toBe('no-store');
});
