// Properties of every page: accessible, responsive, free of layout shifts, small.
import { AxeBuilder } from '@axe-core/playwright';
import type { Page } from '@playwright/test';
import { pages } from '@shop/contracts/pages';
import { test } from 'vitest';
import { Shopper } from '../shopper.js';
import { describeInBrowser, expect } from './browser.js';
import { addToCart, logIn, orderButton, toCheckout } from './steps.js';

/** JavaScript, gzipped. */
const MOST_BYTES = 120_000;
const PHONE = { width: 360, height: 740 };

/** Time to visit all pages one by one. */
const TOUR_MS = 240_000;

describeInBrowser('every page', (shop) => {
  /** The address of every page, for users who may see it. */
  const addresses = async (): Promise<[string, string][]> => {
    const staff = await shop().staff();
    const { items } = (await staff.get('/api/products?inStock=true&limit=1')).body;
    const lines = [{ productId: items[0].id, quantity: 1 }];
    const order = (await staff.order({ lines, payment: { method: 'card', token: 'tok_ok' } })).body;
    await staff.settled(order.id);
    return Object.entries(pages).map(([name, { path }]) => [
      name,
      path
        .replace(':product', name === 'editProduct' ? items[0].id : items[0].slug)
        .replace(':category', 'kitchen')
        .replace(':order', order.id),
    ]);
  };
  const shown = async (page: Page, path: string) => {
    await page.goto(path);
    await page.getByRole('heading', { level: 1 }).first().waitFor();
    // The page has loaded completely.
    await expect(page.locator('[class*="_bone_"]')).toHaveCount(0);
  };
  const asStaff = async (options = {}) => {
    const page = await shop().visit(options);
    await addToCart(page, '/products/morning-stoneware-mug');
    await page.goto('/login');
    await logIn(page, 'staff@shop.test', 'staff-password');
    await page.waitForURL('**/account');
    return page;
  };

  test.each(['light', 'dark'] as const)(
    'has no axe violations in its %s colours',
    { timeout: TOUR_MS },
    async (colorScheme) => {
      const page = await asStaff({ colorScheme });
      for (const [name, path] of [...(await addresses()), ['none', '/no/such/page'] as [string, string]]) {
        await shown(page, path);
        const { violations } = await new AxeBuilder({ page })
          .withTags(['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'])
          .analyze();
        const found = violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' | ')}`);
        expect(found, name).toEqual([]);
      }
    },
  );

  test('fits a phone of 360 px and does not jump while it loads', { timeout: TOUR_MS }, async () => {
    const page = await asStaff({ viewport: PHONE });
    await page.addInitScript(() => {
      // German words are longer.
      localStorage.setItem('language', 'de');
      const shifts: number[] = [];
      Object.assign(window, { shifts });
      new PerformanceObserver((list) => {
        for (const entry of list.getEntries() as unknown as { value: number; hadRecentInput: boolean }[])
          if (!entry.hadRecentInput) shifts.push(entry.value);
      }).observe({ type: 'layout-shift' as never, buffered: true });
    });
    for (const [name, path] of await addresses()) {
      await shown(page, path);
      const { overflow, shift } = await page.evaluate(() => ({
        overflow: document.documentElement.scrollWidth - document.documentElement.clientWidth,
        shift: (window as unknown as { shifts: number[] }).shifts.reduce((sum, value) => sum + value, 0),
      }));
      expect([name, overflow, shift < 0.1 ? 'steady' : `shifts by ${shift}`]).toEqual([name, 0, 'steady']);
      // A wide window at a zoom of 400 %.
      await page.setViewportSize({ width: 320, height: 256 });
      const wider = () => page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      expect([name, await wider()]).toEqual([name, 0]);
      await page.setViewportSize(PHONE);
    }
  });

  test('breaks words that are wider than a phone', async () => {
    const staff = await shop().staff();
    const name = `Donaudampfschifffahrtsgesellschaftskapitänsmützenhaken ${Date.now()}`;
    const draft = { name, description: name, category: 'home', priceCents: 1500, stock: 5 };
    const { slug } = (await staff.send('POST', '/api/products', draft)).body;
    const page = await shop().visit({ viewport: PHONE });
    const fits = async () => {
      await expect(page.getByText(/^Donaudampf/).first()).toBeVisible();
      const wider = () => page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      expect([page.url(), await wider()]).toEqual([page.url(), 0]);
    };
    await page.goto('/products?q=Donaudampfschifffahrtsgesellschaftskapit%C3%A4nsm%C3%BCtzenhaken');
    await fits();
    await addToCart(page, `/products/${slug}`);
    await fits();
    await page.goto('/cart');
    await fits();
    await toCheckout(page);
    await expect(page.getByText(name)).toBeVisible();
    expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBe(0);
    await orderButton(page).click();
    await page.waitForURL('**/orders/*');
    await fits();
  });

  test('loads no more JavaScript than the budget allows on the landing pages', { timeout: TOUR_MS }, async () => {
    for (const [name, path] of (await addresses()).slice(0, 4)) {
      const page = await shop().visit();
      const sizes: number[] = [];
      page.on('response', (response) => {
        if (response.request().resourceType() === 'script')
          sizes.push(Number(response.headers()['content-length'] ?? 0));
      });
      await page.setExtraHTTPHeaders({ 'accept-encoding': 'gzip' });
      await shown(page, path);
      const bytes = sizes.reduce((sum, size) => sum + size, 0);
      console.log(`${name}: ${(bytes / 1000).toFixed(1)} kB of JavaScript, gzip, in ${sizes.length} files`);
      expect(bytes, name).toBeGreaterThan(10_000);
      expect(bytes, name).toBeLessThanOrEqual(MOST_BYTES);
    }
  });

  test('is in the language of the browser, and keeps the chosen colours', async () => {
    const page = await shop().visit({ locale: 'de-DE', colorScheme: 'light' });
    await page.goto('/');
    await expect(page.getByRole('heading', { level: 1 })).toHaveText('Dinge, die bleiben');
    await expect(page.locator('html')).toHaveAttribute('lang', 'de');
    await expect(page.getByText(/^\d+,\d\d\s€$/).first()).toBeVisible();
    await page.getByLabel('Aussehen', { exact: true }).selectOption('dark');
    const paper = () => page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
    expect(await paper()).toBe('rgb(21, 25, 23)');
    await page.reload();
    expect(await paper()).toBe('rgb(21, 25, 23)');
    await page.getByLabel('Sprache', { exact: true }).selectOption('en');
    await expect(page.getByRole('heading', { level: 1 })).toHaveText('Things that stay');
  });

  test('has its own title, and gets the focus at its heading after navigation', async () => {
    const page = await shop().visit();
    await page.goto('/');
    // Phones share the canonical address, which is that of the loaded page.
    const canonical = page.locator('link[rel=canonical]');
    await expect(canonical).toHaveAttribute('href', `${shop().url}/`);
    await page.getByRole('navigation', { name: 'Categories' }).getByRole('link', { name: 'Kids' }).click();
    await expect(page.getByRole('heading', { level: 1 })).toBeFocused();
    await expect(page).toHaveTitle(/^Kids.* – Field & Hearth$/);
    await expect(canonical).toHaveCount(0);
  });

  test('is found by crawlers that run no scripts', async () => {
    const crawler = new Shopper(shop().url);
    const { items } = (await crawler.get('/api/products?limit=1')).body;
    const html = await (await fetch(`${shop().url}/products/${items[0].slug}`)).text();
    for (const part of [
      `<title>${items[0].name.replaceAll('&', '&amp;').replaceAll("'", '&#39;')}`,
      'application/ld+json',
      'og:title',
      'rel="canonical"',
    ])
      expect(html).toContain(part);
    const missing = await fetch(`${shop().url}/products/no-such`, { headers: { accept: 'text/html' } });
    expect(missing.status).toBe(404);
  });
});
