// The URLs and policies of pages that depend on the configuration.
import { rmSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { gatewayConfig } from '../src/gateway.config.js';
import { builtStorefront } from './built-storefront.js';
import { openShop, type Shop } from './shop.js';

const dir = builtStorefront();

let shop: Shop;
beforeAll(async () => {
  shop = await openShop({ STOREFRONT_DIR: dir });
});
afterAll(async () => {
  await shop.stop();
  rmSync(dir, { recursive: true });
});

const open = async (path: string, headers: Record<string, string> = { accept: 'text/html' }) => {
  const response = await fetch(shop.url + path, { headers });
  return { headers: response.headers, html: await response.text() };
};

describe('files of the storefront', () => {
  it('have URLs of the shop itself by default', async () => {
    expect((await open('/cart')).html).toContain('src="/assets/main-1a2b.js"');
  });

  it('have URLs of the host in ASSETS_URL, and the policy allows only that host', async () => {
    const elsewhere = await openShop({ STOREFRONT_DIR: dir, ASSETS_URL: 'https://cdn.example.org:8443/shop/assets' });
    try {
      const here = await open('/cart');
      const response = await fetch(`${elsewhere.url}/cart`, { headers: { accept: 'text/html' } });
      const html = await response.text();
      expect(html).toContain('src="https://cdn.example.org:8443/shop/assets/main-1a2b.js"');
      expect(html).not.toContain('"/assets/');
      const policy = response.headers.get('content-security-policy')!;
      expect(policy).toMatch(
        /script-src https:\/\/cdn.example.org:8443 'sha256-[\w+/=]+'; style-src https:\/\/cdn.example.org:8443; img-src 'self' data: https:\/\/cdn.example.org:8443; font-src https:\/\/cdn.example.org:8443;/,
      );
      expect(response.headers.get('etag')).not.toBe(here.headers.get('etag'));
    } finally {
      await elsewhere.stop();
    }
  });

  it('can be loaded by pages of any origin', async () => {
    const { headers } = await open('/assets/main-1a2b.js', { 'accept-encoding': 'identity' });
    expect(headers.get('access-control-allow-origin')).toBe('*');
    expect((await open('/cart')).headers.get('access-control-allow-origin')).toBeNull();
  });
});

it.each(['https://cdn.example.org/assets/', 'cdn.example.org', '/a"><script>', 'https://cdn.example.org/a b', '//cdn'])(
  'ASSETS_URL refuses %s',
  (url) => {
    expect(gatewayConfig.shape.ASSETS_URL.safeParse(url).success).toBe(false);
  },
);

describe('with PAYMENT_PROVIDER=stripe', () => {
  const env = { STOREFRONT_DIR: dir, PAYMENT_PROVIDER: 'stripe' };

  it('every page has the publishable key and a policy that allows Stripe’s scripts, API and frames', async () => {
    const other = await openShop({ ...env, STRIPE_PUBLISHABLE_KEY: 'pk_test_1' });
    const page = await fetch(`${other.url}/checkout`);
    const html = await page.text();
    await other.stop();
    const policy = Object.fromEntries(
      page.headers
        .get('content-security-policy')!
        .split('; ')
        .map((directive) => [directive.split(' ')[0], directive.split(' ').slice(1)]),
    );
    expect(html).toContain('<meta name="stripe-key" content="pk_test_1">');
    expect(policy['script-src']).toContain('https://js.stripe.com');
    expect(policy['frame-src']).toEqual(expect.arrayContaining(['https://js.stripe.com', 'https://hooks.stripe.com']));
    expect(policy['connect-src']).toEqual(["'self'", 'https://api.stripe.com']);
    // Another key changes the ETag.
    expect(page.headers.get('etag')).not.toBe((await open('/checkout')).headers.get('etag'));
  });

  it('the gateway does not start without the publishable key or with a secret one', async () => {
    await expect(openShop(env)).rejects.toThrow('STRIPE_PUBLISHABLE_KEY: is needed with PAYMENT_PROVIDER=stripe');
    await expect(openShop({ ...env, STRIPE_PUBLISHABLE_KEY: 'sk_live_1' })).rejects.toThrow(
      'STRIPE_PUBLISHABLE_KEY: must be the publishable key: pk_…',
    );
  });
});
