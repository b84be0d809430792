// npm run screenshots [-- --url http://localhost:3000 --dir FOLDER]: screenshots of the pages of a running shop, in both
// themes and at two widths.
/// <reference lib="dom" />
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { chromium, type BrowserContext, type Page } from '@playwright/test';
import { chromiumArgs, findChromium } from '@shop/tools/chromium-program';
import { root } from '@shop/tools/data-dir';
import { main } from '@shop/tools/interrupt';
import { Failure, parseOptions, step } from '@shop/tools/terminal';

const widths = { phone: { width: 360, height: 780 }, wide: { width: 1280, height: 900 } };
const themes = ['light', 'dark'] as const;

await main(async () => {
  const options = parseOptions('npm run screenshots [-- --url URL --dir FOLDER --only NAME --whole]', {
    url: { type: 'string', default: 'http://localhost:3000' },
    dir: { type: 'string', default: join(root, 'apps', 'storefront', 'pictures') },
    only: { type: 'string' },
    whole: { type: 'boolean', default: false },
  });
  const executablePath = findChromium();
  if (!executablePath) throw new Failure('Chromium was not found. Install it, or set CHROMIUM to its path.');
  mkdirSync(options.dir, { recursive: true });
  const browser = await chromium.launch({ executablePath, args: chromiumArgs });
  try {
    const storage = await prepare(await browser.newContext({ baseURL: options.url, locale: 'en-GB' }));
    for (const [width, viewport] of Object.entries(widths))
      for (const colorScheme of themes) {
        const context = await browser.newContext({
          baseURL: options.url,
          locale: 'en-GB',
          viewport,
          colorScheme,
          reducedMotion: 'reduce',
          storageState: storage.state,
        });
        await step(`${width}, ${colorScheme}`, async () => {
          for (const [name, path] of Object.entries(storage.paths)) {
            if (options.only !== undefined && options.only !== name) continue;
            const file = join(options.dir, `${name}-${width}-${colorScheme}.jpg`);
            await shoot(await context.newPage(), path, file, options.whole);
          }
        });
        await context.close();
      }
  } finally {
    await browser.close();
  }
  return 0;
});

/** A member of staff with a filled cart and an order, who may see every page. */
async function prepare(context: BrowserContext) {
  const api = context.request;
  await api.post('/api/session', { data: { email: 'staff@shop.test', password: 'staff-password' } });
  const { items } = (await (await api.get('/api/products?inStock=true&featured=true&limit=3')).json()) as {
    items: { id: string; slug: string; category: { slug: string } }[];
  };
  for (const { id } of items) await api.put(`/api/cart/lines/${id}`, { data: { quantity: 1 } });
  const placed = await api.post('/api/orders', {
    data: {
      payment: { method: 'card', token: 'tok_ok' },
      shippingAddress: {
        name: 'Ada Lovelace',
        street: 'Ackerstr. 7',
        postalCode: '10115',
        city: 'Berlin',
        country: 'DE',
      },
    },
    headers: { 'idempotency-key': `screenshots-${Date.now()}` },
  });
  const { id: order } = (await placed.json()) as { id: string };
  for (const { id } of items.slice(0, 2)) await api.put(`/api/cart/lines/${id}`, { data: { quantity: 2 } });
  const [product] = items;
  return {
    state: await context.storageState(),
    paths: {
      home: '/',
      category: `/categories/${product!.category.slug}`,
      search: '/products?q=linen',
      product: `/products/${product!.slug}`,
      cart: '/cart',
      checkout: '/checkout',
      orders: '/orders',
      order: `/orders/${order}`,
      account: '/account',
      login: '/login?expired=true',
      register: '/register',
      nothing: '/no/such/page',
      'no-results': '/products?q=xylophone',
      manage: '/manage',
      'manage-products': '/manage/products',
      'manage-product': `/manage/products/${product!.id}`,
      'manage-orders': '/manage/orders',
    },
  };
}

async function shoot(page: Page, path: string, file: string, fullPage: boolean): Promise<void> {
  await page.goto(path);
  await page.getByRole('heading', { level: 1 }).first().waitFor();
  await page.evaluate(() => document.fonts.ready);
  // Pages poll for updates and load images lazily, so no event marks the end of loading.
  await page.waitForTimeout(2000);
  await page.screenshot({ path: file, fullPage, type: 'jpeg', quality: 82 });
  await page.close();
}
