// The storefront's files on another host: a CDN that fetches them from the shop.
import { createServer, type Server } from 'node:http';
import { freePort } from '@shop/tools/ports';
import { afterAll, beforeAll, test } from 'vitest';
import { describeInBrowser, expect } from './browser.js';
import { addToCart, logIn, orderButton, toCheckout } from './steps.js';

const port = await freePort();
const cdnUrl = `http://127.0.0.1:${port}/shop`;

describeInBrowser(
  'a shop with its assets on a CDN',
  (shop) => {
    let cdn: Server;
    beforeAll(() => {
      cdn = createServer(async (request, response) => {
        const { status, headers, body } = await fetch(request.url!.replace(/^\/shop/, `${shop().url}/assets`));
        const kept = ['content-type', 'access-control-allow-origin'].map((name) => [name, headers.get(name) ?? '']);
        response.writeHead(status, Object.fromEntries(kept));
        for await (const chunk of body!) response.write(chunk);
        response.end();
      }).listen(port, '127.0.0.1');
    });
    afterAll(() => new Promise((resolve) => cdn.close(resolve)));

    test('loads every file from there, and works from the first page to the order', async () => {
      const page = await shop().visit({ locale: 'de-DE', reducedMotion: 'no-preference' });
      const files = new Set<string>();
      const own: string[] = [];
      page.on('response', (response) => {
        const url = response.url();
        if (url.startsWith(cdnUrl) && response.ok())
          files.add(url.slice(cdnUrl.length + 1).replace(/-[\w-]{8}\./, '.'));
        if (url.startsWith(`${shop().url}/assets`)) own.push(url);
      });
      await page.goto('/');
      await expect(page.getByRole('heading', { level: 1 })).toHaveText('Dinge, die bleiben');
      await page.getByLabel('Sprache', { exact: true }).selectOption('en');
      await expect(page.getByRole('heading', { level: 1 })).toHaveText('Things that stay');
      await addToCart(page);
      await toCheckout(page);
      await orderButton(page).click();
      await expect(page.getByText(/Paid/).first()).toBeVisible({ timeout: 20_000 });
      expect(await page.evaluate(() => document.fonts.check('1rem Figtree'))).toBe(true);
      expect(own).toEqual([]);
      for (const file of ['index.js', 'index.css', 'de.js', 'figtree.woff2', 'favicon.svg', 'home.js', 'home.css'])
        expect([...files]).toContain(file);
      for (const name of ['product', 'checkout', 'order'])
        for (const kind of ['js', 'css']) expect([...files]).toContain(`${name}.${kind}`);
    });

    test('loads the pages for staff from there too', async () => {
      const page = await shop().visit();
      await page.goto('/manage');
      await logIn(page, 'staff@shop.test', 'staff-password');
      await expect(page.getByRole('row', { name: /catalog responding/ })).toBeVisible();
    });
  },
  () => Promise.resolve({ ASSETS_URL: cdnUrl }),
);
