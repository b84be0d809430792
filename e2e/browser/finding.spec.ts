// Search and filters, and their state in the address.
import type { Page } from '@playwright/test';
import { test } from 'vitest';
import { describeInBrowser, expect } from './browser.js';
import { firstProduct } from './steps.js';

describeInBrowser('finding', (shop) => {
  const list = (page: Page) => page.getByRole('region', { name: 'All products' });
  const cards = (page: Page) => list(page).getByRole('listitem');
  const prices = async (page: Page) =>
    (
      await cards(page)
        .getByText(/^€[\d,.]+$/)
        .allInnerTexts()
    ).map((text) => Number(text.replace(/[€,]/g, '')));

  test('words, price and stock narrow a search, and its address restores it', async () => {
    const page = await shop().visit();
    await page.goto('/');
    await page.getByRole('searchbox').fill('oak');
    await page.keyboard.press('Enter');
    await expect(page.getByRole('heading', { level: 1 })).toHaveText('Results for “oak”');
    await page.getByRole('textbox', { name: 'From' }).fill('10');
    await page.getByRole('textbox', { name: 'To', exact: true }).fill('100');
    await page.keyboard.press('Enter');
    await page.getByRole('checkbox', { name: 'In stock only' }).check();
    await page.getByLabel('Sort by').selectOption('-price');
    await expect(page).toHaveURL(/q=oak.*from=10.*to=100.*stock=true.*sort=-price/);
    await expect(list(page)).toHaveAttribute('aria-busy', 'false');
    const shown = await prices(page);
    expect(shown.length).toBeGreaterThan(0);
    expect(shown).toEqual(shown.toSorted((a, b) => b - a));
    for (const price of shown) expect(price >= 10 && price <= 100).toBe(true);

    const address = page.url();
    await firstProduct(page).click();
    await page.waitForURL('**/products/*');
    await page.goBack();
    await expect(page).toHaveURL(address);
    await expect(cards(page)).toHaveCount(shown.length);
    const other = await shop().visit();
    await other.goto(address);
    await expect(cards(other)).toHaveCount(shown.length);
    await expect(other.getByLabel('Sort by')).toHaveValue('-price');
    await expect(other.getByRole('textbox', { name: 'From' })).toHaveValue('10');
  });

  test('colours of images can be chosen as a filter', async () => {
    const staff = await shop().staff();
    const { items } = (await staff.get('/api/products?tag=green&limit=100')).body;
    const page = await shop().visit();
    await page.goto('/products');
    await page.getByRole('checkbox', { name: 'Green' }).check();
    await expect(page).toHaveURL(/colour=green/);
    expect(items.length).toBeGreaterThan(0);
    await expect(cards(page)).toHaveCount(items.length);
    await expect(cards(page).first()).toContainText(items[0].name);
    await page.getByRole('button', { name: 'Clear filters' }).first().click();
    await expect(page).toHaveURL(/\/products$/);
    await expect(cards(page)).toHaveCount(24);
  });

  test('the address keeps how far a list was opened, and another sort order starts from the top', async () => {
    const page = await shop().visit();
    await page.goto('/products');
    await expect(cards(page)).toHaveCount(24);
    await page.getByRole('button', { name: 'Show more' }).click();
    await expect(page).toHaveURL(/pages=2/);
    await expect(cards(page)).toHaveCount(48);
    const third = cards(page).nth(30).getByRole('link').first();
    const name = await third.innerText();
    await page.reload();
    await expect(cards(page)).toHaveCount(48);
    await expect(cards(page).nth(30)).toContainText(name);
    await page.getByLabel('Sort by').selectOption('name');
    await expect(page).toHaveURL(/\/products\?sort=name$/);
    await expect(cards(page)).toHaveCount(24);
  });

  test('on a phone the filters can be collapsed', async () => {
    const page = await shop().visit({ viewport: { width: 360, height: 740 } });
    await page.goto('/products');
    const toggle = page.getByRole('button', { name: 'Filters' });
    await toggle.click();
    await page.getByRole('checkbox', { name: 'In stock only' }).check();
    await page.getByRole('button', { name: 'Show results' }).click();
    await expect(page.getByRole('checkbox', { name: 'In stock only' })).toBeHidden();
    await expect(toggle).toBeFocused();
    await expect(firstProduct(page)).toBeInViewport();
  });

  test('a search without results says so and offers links', async () => {
    const page = await shop().visit();
    await page.goto('/products');
    await page.getByRole('searchbox').fill('zeppelin');
    await page.keyboard.press('Enter');
    await expect(page.getByRole('heading', { name: 'No products found' })).toBeVisible();
    await expect(page.getByRole('heading', { level: 1, name: 'Results for “zeppelin”' })).toBeFocused();
    await page.getByRole('link', { name: 'See all products' }).click();
    await expect(cards(page)).toHaveCount(24);
    await page.goto('/no/such/page');
    await expect(page.getByRole('heading', { name: 'Page not found' })).toBeVisible();
    await page.goto('/products/no-such-product');
    await expect(page.getByRole('heading', { name: 'This product is no longer available' })).toBeVisible();
    await expect(page).toHaveTitle(/^This product is no longer available/);
    await page.goto('/categories/no-such-category');
    await expect(page.getByRole('heading', { name: 'Page not found' })).toBeVisible();
  });

  test('a list with an empty first page loads the next page by itself', async () => {
    const page = await shop().visit();
    await page.goto('/products');
    await page.route('**/api/products?*oak*', (route) => {
      const url = new URL(route.request().url());
      if (!url.searchParams.has('cursor')) return route.fulfill({ json: { items: [], nextCursor: '1' } });
      const empty = Number(url.searchParams.get('cursor'));
      if (empty < 3) return route.fulfill({ json: { items: [], nextCursor: String(empty + 1) } });
      url.searchParams.delete('cursor');
      return route.fetch({ url: url.href }).then((response) => route.fulfill({ response }));
    });
    await page.getByRole('searchbox').fill('oak');
    await page.keyboard.press('Enter');
    await expect(cards(page).first()).toContainText(/oak/i);
  });

  test('a page is preloaded when the pointer is over its link', async () => {
    const page = await shop().visit();
    await page.goto('/products?sort=name');
    await expect(firstProduct(page)).toBeVisible();
    const asked: string[] = [];
    page.on('request', (request) => asked.push(new URL(request.url()).pathname));
    const slug = new URL((await firstProduct(page).getAttribute('href'))!, shop().url).pathname.split('/').at(-1)!;
    await firstProduct(page).hover();
    await expect.poll(() => asked).toContainEqual(expect.stringMatching(/^\/assets\/product-.*\.js$/));
    await expect.poll(() => asked).toContain(`/api/products/${slug}`);
    await expect(page).toHaveURL(/\/products\?sort=name$/);
  });

  test('nothing moves for users who prefer reduced motion', async () => {
    const page = await shop().visit({ reducedMotion: 'reduce' });
    await page.route('**/api/**', () => undefined);
    await page.goto('/products?q=lamp');
    const bone = page.locator('[class*="_bone_"]').first();
    await expect(bone).toBeVisible();
    const motion = (at: Page) =>
      at
        .locator('[class*="_bone_"]')
        .first()
        .evaluate((node) => {
          const styles = [undefined, '::before', '::after'].map((part) => getComputedStyle(node, part));
          return styles.some((style) => style.animationName !== 'none' && parseFloat(style.animationDuration) > 0.001);
        });
    expect(await motion(page)).toBe(false);
    const other = await shop().visit({ reducedMotion: 'no-preference' });
    await other.route('**/api/**', () => undefined);
    await other.goto('/products?q=lamp');
    await expect(other.locator('[class*="_bone_"]').first()).toBeVisible();
    expect(await motion(other)).toBe(true);
  });
});
