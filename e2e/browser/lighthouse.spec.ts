// Lighthouse audits of the landing pages, through the edge.
import { join } from 'node:path';
import { findChromium } from '@shop/tools/chromium-program';
import { root } from '@shop/tools/data-dir';
import { describeWithNginx, edgeFor } from '@shop/tools/edge/testing';
import { openAuditor, type Auditor } from '@shop/bench/page-audit';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { describeInBrowser } from './browser.js';

/** Bytes on the wire: with half a kilobyte of headers per file, unlike the budget in looks.spec. */
const MOST_SCRIPT_BYTES = 125_000;
const MOST_STYLE_BYTES = 10_000;
const AUDIT_MS = 120_000;

describeWithNginx('Lighthouse', () =>
  describeInBrowser(
    'gives good scores',
    (shop) => {
      let auditor: Auditor;
      let url: string;
      let product: { slug: string; category: { slug: string } };

      beforeAll(async () => {
        auditor = await openAuditor(findChromium()!);
        const gateway = { address: new URL(shop().url).host };
        url = (await edgeFor([gateway], { EDGE_ASSETS_DIR: join(root, 'apps', 'storefront', 'dist') })).url;
        const staff = await shop().staff();
        const products = async () => (await staff.get('/api/products?limit=100')).body.items;
        const withoutImage = async () => (await products()).filter(({ image }: { image: unknown }) => !image).length;
        await vi.waitUntil(async () => (await withoutImage()) === 0, { timeout: 100_000, interval: 500 });
        [product] = await products();
      });
      afterAll(() => auditor?.close());

      test.each(['home', 'category', 'product'] as const)('on the page %s', { timeout: AUDIT_MS }, async (page) => {
        const paths = {
          home: '/',
          category: `/categories/${product.category.slug}`,
          product: `/products/${product.slug}`,
        };
        const { scores, bytes, layoutShift, findings } = await auditor.audit(url + paths[page]);
        console.log(`${page}: performance ${scores.performance} beside other tests, ${JSON.stringify(bytes)}`);
        const found = findings.join('\n');
        expect(scores.accessibility, found).toBeGreaterThanOrEqual(95);
        expect(scores['best-practices'], found).toBeGreaterThanOrEqual(95);
        expect(scores.seo, found).toBeGreaterThanOrEqual(95);
        expect(layoutShift).toBeLessThan(0.1);
        expect(bytes.script).toBeGreaterThan(10_000);
        expect(bytes.script).toBeLessThanOrEqual(MOST_SCRIPT_BYTES);
        expect(bytes.stylesheet).toBeLessThanOrEqual(MOST_STYLE_BYTES);
      });
    },
    () => Promise.resolve({ SEED_PRODUCTS: '24', SEED_IMAGES: 'on', TRUST_PROXY: '127.0.0.1' }),
  ),
);
