// Staff pages for products, up to an image that shoppers see.
import type { Page, Route } from '@playwright/test';
import sharp from 'sharp';
import { test } from 'vitest';
import { describeInBrowser, expect } from './browser.js';
import { logIn } from './steps.js';

describeInBrowser('staff', (shop) => {
  const atWork = async (path = '/manage'): Promise<Page> => {
    const page = await shop().visit();
    await page.goto(path);
    await logIn(page, 'staff@shop.test', 'staff-password');
    await page.waitForURL(`**${path}`);
    return page;
  };
  const newProduct = async (page: Page) => {
    const name = `Brass hook ${Date.now()}`;
    await page.goto('/manage/products/new');
    await page.getByLabel('Name').fill(name);
    await page.getByLabel('Description').fill('Holds a coat, and the coat after that.');
    await page.getByLabel('Category').selectOption('home');
    await page.getByLabel('Price in EUR').fill('12,50');
    await page.getByLabel('In stock').fill('7');
    await page.getByRole('button', { name: 'Create' }).click();
    await expect(page.getByRole('heading', { level: 1, name })).toBeVisible();
    return name;
  };

  test('create a product and upload an image, see its processing, and find it in the shop', async () => {
    const page = await atWork();
    const name = await newProduct(page);
    const file = await sharp({ create: { width: 1600, height: 1200, channels: 3, background: '#a8481f' } })
      .jpeg()
      .toBuffer();
    await page.getByLabel(/Drop images here/).setInputFiles({ name: 'hook.jpg', mimeType: 'image/jpeg', buffer: file });
    await expect(page.getByText('Ready', { exact: true })).toBeVisible({ timeout: 30_000 });
    await page.getByRole('link', { name: 'View in the shop' }).click();
    await expect(page.getByRole('button', { name: `Enlarge the image: ${name}` })).toBeVisible();
    const shown = () => page.evaluate(() => document.querySelector<HTMLImageElement>('picture img')?.currentSrc ?? '');
    await expect.poll(shown).toMatch(/\.avif$/);
    const image = page.locator('picture').first();
    const types = await image.locator('source').evaluateAll((all) => all.map((source) => source.getAttribute('type')));
    expect(types).toEqual(['image/avif', 'image/webp']);
    await expect(image.locator('img')).toHaveAttribute('src', /\.jpg$/);
    // The placeholder before the image has loaded.
    await expect(page.locator('picture').first().locator('xpath=preceding-sibling::img')).toHaveAttribute(
      'src',
      /^data:/,
    );
    await page.getByRole('button', { name: /Enlarge/ }).click();
    await expect(page.getByRole('dialog').getByRole('img')).toBeVisible();
    await page.keyboard.press('Escape');
    await expect(page.getByRole('button', { name: /Enlarge/ })).toBeFocused();
    await page.getByRole('button', { name: /Enlarge/ }).click();
    await expect(page.getByRole('dialog')).toBeVisible();
    await page.mouse.click(10, 300);
    await expect(page.getByRole('dialog')).toBeHidden();

    // Below the fold, the image is not loaded at once.
    const { items } = (await (await shop().staff()).get('/api/products?category=home&inStock=true&limit=5')).body;
    await page.goto(`/products/${items.find((item: { name: string }) => item.name !== name).slug}`);
    const below = page.getByRole('region', { name: 'More like this' }).locator('picture img');
    await expect(below.first()).toHaveAttribute('loading', 'lazy');
  });

  test('drop an image and see its upload progress and its checklist of steps', async () => {
    const page = await atWork();
    await newProduct(page);
    // Noise compresses slowly, so its steps take longer than the page's polling interval.
    const noise = { type: 'gaussian', mean: 128, sigma: 30 } as const;
    const image = sharp({ create: { width: 2600, height: 2000, channels: 3, background: '#000', noise } });
    const file = await image.jpeg().toBuffer();
    const seen = await page.evaluateHandle(() => {
      const texts = new Set<string>();
      const look = () => {
        for (const { textContent } of document.querySelectorAll('[role=progressbar], [role=status]'))
          if (textContent) texts.add(textContent);
      };
      new MutationObserver(look).observe(document.body, { subtree: true, childList: true, characterData: true });
      return texts;
    });
    // As slow as a phone, so that the progress is visible.
    const network = await page.context().newCDPSession(page);
    const slow = { offline: false, latency: 20, downloadThroughput: -1, uploadThroughput: 3_000_000 };
    await network.send('Network.emulateNetworkConditions', slow);
    const dropped = await page.evaluateHandle((base64) => {
      const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
      const transfer = new DataTransfer();
      transfer.items.add(new File([bytes], 'noise.jpg', { type: 'image/jpeg' }));
      return transfer;
    }, file.toString('base64'));
    const zone = page.getByText('Drop images here, or choose files');
    await zone.dispatchEvent('dragover', { dataTransfer: dropped });
    await zone.dispatchEvent('drop', { dataTransfer: dropped });
    await expect(page.getByText('Ready', { exact: true })).toBeVisible({ timeout: 30_000 });
    await expect(page.getByRole('progressbar')).toHaveCount(0);
    const texts = await seen.evaluate((set) => [...set].join('\n'));
    expect(texts).toMatch(/noise\.jpg: [1-9]\d? % uploaded/);
    expect(texts).toMatch(/Read: done.*Tagged: pending/);

    // Removal needs a confirmation.
    const remove = page.getByRole('button', { name: 'Remove image' });
    page.once('dialog', (dialog) => dialog.dismiss());
    await remove.click();
    await expect(page.getByText('Ready', { exact: true })).toBeVisible();
    page.once('dialog', (dialog) => dialog.accept());
    await remove.click();
    await expect(page.getByText('No images yet.')).toBeVisible();
  });

  test('hide a product from shoppers, find it among the hidden ones, and show it again', async () => {
    const page = await atWork();
    const name = await newProduct(page);
    const link = page.getByRole('link', { name: 'View in the shop' });
    const path = (await link.getAttribute('href'))!;
    await page.getByRole('checkbox', { name: 'Hide from shoppers' }).check();
    await page.getByRole('button', { name: 'Save' }).click();
    await expect(page.getByText('Hidden', { exact: true })).toBeVisible();
    await expect(link).toHaveCount(0);

    const shopper = await shop().visit();
    await expect.poll(async () => (await shopper.goto(path))!.status()).toBe(404);
    await expect(shopper.getByRole('heading', { name: 'This product is no longer available' })).toBeVisible();
    await expect(shopper.getByRole('link', { name: 'See all products' })).toBeVisible();

    await page.goto('/manage/products');
    await page.getByRole('checkbox', { name: 'Hidden only' }).check();
    await page.getByRole('main').getByRole('button', { name: 'Search' }).click();
    await expect(page).toHaveURL(/hidden=true/);
    await expect(page.getByRole('row').filter({ hasText: name })).toContainText('Hidden');
    await page.getByRole('link', { name }).click();
    await page.getByRole('checkbox', { name: 'Hide from shoppers' }).uncheck();
    await page.getByRole('button', { name: 'Save' }).click();
    await expect(link).toBeVisible();
    await expect.poll(async () => (await shopper.goto(path))!.status()).toBe(200);
    await expect(shopper.getByRole('heading', { level: 1, name })).toBeVisible();
  });

  test('get an error for a file that is no image', async () => {
    const page = await atWork();
    await newProduct(page);
    const buffer = Buffer.from('no image at all, only words that go on for a while');
    await page.getByLabel(/Drop images here/).setInputFiles({ name: 'words.jpg', mimeType: 'image/jpeg', buffer });
    await expect(page.getByRole('alert')).toContainText('This is not a JPEG, PNG, WebP or AVIF image.');
  });

  test('see both versions of a conflicting edit and choose', async () => {
    const page = await atWork();
    await newProduct(page);
    const id = new URL(page.url()).pathname.split('/').at(-1)!;
    await page.getByLabel('Price in EUR').fill('14.00');
    const colleague = await shop().staff();
    const { body } = await colleague.get(`/api/products/${id}`);
    await colleague.send('PATCH', `/api/products/${id}`, { priceCents: 1300 }, { 'if-match': `"${body.version}"` });
    await page.getByRole('button', { name: 'Save' }).click();
    await expect(page.getByRole('alert')).toContainText('Someone else changed this product');
    await expect(page.getByRole('row', { name: /Price/ })).toContainText('€13.00');
    const isAway = (route: Route) => route.fulfill({ status: 503, json: { code: 'unavailable' } });
    await page.route('**/api/products/*', isAway);
    await page.getByRole('button', { name: 'Overwrite with mine' }).click();
    await expect(page.getByRole('alert').last()).toContainText('is not responding');
    await page.unroute('**/api/products/*', isAway);
    await page.getByRole('button', { name: 'Overwrite with mine' }).click();
    await expect(page.getByLabel('Price in EUR')).toHaveValue('14.00');
    await expect.poll(async () => (await colleague.get(`/api/products/${id}`)).body.priceCents).toBe(1400);
  });

  test('add to the stock of a product', async () => {
    const page = await atWork();
    await newProduct(page);
    await page.getByLabel('Add to stock').fill('five');
    await page.getByRole('button', { name: 'Save' }).click();
    await expect(page.getByText('Please enter a number.')).toBeVisible();
    await page.getByLabel('Add to stock').fill('5');
    await page.getByRole('button', { name: 'Save' }).click();
    await expect(page.getByText('Currently 12.')).toBeVisible();
    await expect(page.getByRole('heading', { level: 1 })).toBeFocused();
  });

  test('see the health of the services and the queues', async () => {
    const page = await atWork();
    for (const name of ['accounts', 'catalog', 'orders', 'payments'])
      await expect(page.getByRole('row', { name: new RegExp(`${name} responding 1 \\d+ ms`) })).toBeVisible();
    // BullMQ counts the workers of the whole Redis, which other projects use at the same time.
    for (const name of ['orders', 'payments', 'image-worker'])
      await expect(page.getByRole('row', { name: new RegExp(`^${name} (\\d+ ){4}0 [1-9]\\d* `) })).toBeVisible();
    await expect(page.getByRole('link', { name: 'Open the queue page' })).toHaveAttribute('href', '/staff/queues');
    expect((await page.request.get('/staff/queues')).status()).toBe(200);
  });

  test('are the only ones to see these pages', async () => {
    const page = await shop().visit();
    await page.goto('/manage/orders');
    await logIn(page, 'demo@shop.test', 'demo-password');
    await expect(page.getByRole('heading', { name: 'For staff only' })).toBeVisible();
  });
});
