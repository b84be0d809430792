// Failures during a purchase, in which nothing is lost or ordered twice.
import type { Page, Route } from '@playwright/test';
import { test } from 'vitest';
import { Shopper } from '../shopper.js';
import { describeInBrowser, expect } from './browser.js';
import { addToCart, firstProduct, logIn, orderButton, password, register, toCheckout } from './steps.js';

describeInBrowser('in trouble', (shop) => {
  const ordersOf = async (email: string) => {
    const buyer = new Shopper(shop().url, { email, password });
    await buyer.logIn();
    return (await buyer.get('/api/orders')).body.items as { status: string }[];
  };

  test('ordering with a double click makes one order', async () => {
    const page = await shop().visit();
    await addToCart(page);
    const email = await toCheckout(page);
    await orderButton(page).dblclick();
    await page.waitForURL('**/orders/*');
    expect(await ordersOf(email)).toHaveLength(1);
  });

  test.each([
    ['en', 'This cart was already ordered.'],
    ['de', 'Dieser Warenkorb wurde bereits bestellt.'],
  ])(
    'a cart that another tab has ordered is not ordered again, and that order is shown (%s)',
    async (language, told) => {
      const page = await shop().visit();
      await addToCart(page);
      const email = await toCheckout(page);
      const elsewhere = new Shopper(shop().url, { email, password });
      await elsewhere.logIn();
      const { productId } = (await elsewhere.get('/api/cart')).body.lines[0] as { productId: string };
      const payment = { method: 'card', token: 'tok_ok' };
      const { id } = (await elsewhere.order({ lines: [{ productId, quantity: 1 }], payment })).body as { id: string };

      await page.evaluate((chosen) => localStorage.setItem('language', chosen), language);
      await page.reload();
      const problem = JSON.stringify({ status: 409, code: 'cart_already_ordered', orderId: id });
      await page.route('**/api/orders', (route) =>
        route.request().method() === 'POST'
          ? route.fulfill({ status: 409, contentType: 'application/problem+json', body: problem })
          : route.continue(),
      );
      await page.getByRole('button', { name: /Order and pay|Bestellen und/ }).click();
      await page.waitForURL(`**/orders/${id}`);
      await expect(page.getByText(told)).toBeVisible();
      const kept = await page.evaluate(() => Object.keys(sessionStorage));
      expect(kept.filter((name) => name.startsWith('order-attempt'))).toEqual([]);
    },
  );

  /** Places an order whose response is replaced by `answer`. */
  const orderUnheard = async (page: Page, answer: (route: Route) => Promise<void>) => {
    await page.route('**/api/orders', async (route) => {
      await route.fetch();
      await answer(route);
    });
    await orderButton(page).click();
    await expect(page.getByText('We could not confirm your order.')).toBeVisible();
    await page.unroute('**/api/orders');
  };

  test.each<[string, (route: Route) => Promise<void>]>([
    ['never came', (route) => route.abort()],
    ['broke off', (route) => route.fulfill({ status: 202, contentType: 'application/json', body: '{"id":' })],
  ])('an order whose answer %s is asked about again after a reload, and is one order', async (_, answer) => {
    const page = await shop().visit();
    await addToCart(page);
    const email = await toCheckout(page);
    await orderUnheard(page, answer);
    expect(await ordersOf(email)).toHaveLength(1);
    await page.reload();
    await page.waitForURL('**/orders/*');
    await expect(page.getByText(/Paid/).first()).toBeVisible({ timeout: 20_000 });
    expect(await ordersOf(email)).toHaveLength(1);
  });

  /** A customer who lost the response, retries, and is logged out by then. */
  const loggedOutUnheard = async () => {
    const page = await shop().visit();
    await addToCart(page);
    const email = await toCheckout(page);
    await orderUnheard(page, (route) => route.abort());
    const elsewhere = new Shopper(shop().url, { email, password });
    await elsewhere.logIn();
    await elsewhere.send('DELETE', '/api/sessions');
    await page.getByRole('button', { name: 'Try again' }).click();
    return { page, email };
  };

  test('an order whose response was lost is found again after a login in between', async () => {
    const { page, email } = await loggedOutUnheard();
    await expect(page.getByText('You have been logged out.')).toBeVisible();
    await logIn(page, email);
    await page.waitForURL('**/orders/*');
    expect(await ordersOf(email)).toHaveLength(1);
  });

  test('a customer who logs in after another neither orders for them nor sees their input', async () => {
    const { page } = await loggedOutUnheard();
    await page.waitForURL('**/login?**');
    const posted: string[] = [];
    page.on('request', (request) => {
      if (request.method() === 'POST') posted.push(new URL(request.url()).pathname);
    });
    await register(page);
    await page.waitForURL('**/checkout');
    await addToCart(page);
    await page.goto('/checkout');
    await expect(page.getByLabel('Street and number')).toHaveValue('');
    expect(posted).toEqual(['/api/customers']);
  });

  test('a customer who is logged out during checkout finds cart and address after the login', async () => {
    const page = await shop().visit();
    const name = await addToCart(page);
    const email = await toCheckout(page);
    const elsewhere = new Shopper(shop().url, { email, password });
    await elsewhere.logIn();
    await elsewhere.send('DELETE', '/api/sessions');
    await orderButton(page).click();
    await expect(page.getByText('You have been logged out.')).toBeVisible();
    await logIn(page, email);
    await page.waitForURL('**/checkout');
    await expect(page.getByRole('region', { name: 'Summary' })).toContainText(name);
    await expect(page.getByLabel('Street and number')).toHaveValue('12 St James’s Square');
    await orderButton(page).click();
    await page.waitForURL('**/orders/*');
  });

  test('two tabs show the same cart', async () => {
    const page = await shop().visit();
    await page.goto('/cart');
    await expect(page.getByRole('heading', { name: 'Your cart is empty' })).toBeVisible();
    const other = await page.context().newPage();
    const name = await addToCart(other);
    await expect(page.getByRole('main').getByRole('link', { name })).toBeVisible();
    await page.getByRole('button', { name: /^Remove/ }).click();
    await expect(other.getByRole('link', { name: 'Cart 0 items' })).toBeVisible();
  });

  test('the loss of the network is shown, and the page continues when it is back', async () => {
    const page = await shop().visit();
    await page.goto('/products');
    await expect(firstProduct(page)).toBeVisible();
    await page.context().setOffline(true);
    await expect(page.getByText('You are offline.')).toBeVisible();
    await page.getByRole('button', { name: 'Show more' }).click();
    await page.context().setOffline(false);
    await expect(page.getByText('You are offline.')).toBeHidden();
    await expect(page.getByRole('region', { name: 'All products' }).getByRole('listitem')).toHaveCount(48);
  });

  test('a page opened without a network is shown when the network is back', async () => {
    const page = await shop().visit();
    await page.goto('/');
    const logIn = page.getByRole('banner').getByRole('link', { name: 'Log in' });
    await expect(logIn).toBeVisible();
    await page.context().setOffline(true);
    await logIn.click();
    await expect(page).toHaveURL(/\/login$/);
    await expect(page.getByText('You are offline.')).toBeVisible();
    await page.context().setOffline(false);
    await expect(page.getByRole('heading', { level: 1, name: 'Welcome back' })).toBeVisible();
  });

  test('the shop works in a browser without storage', async () => {
    const page = await shop().visit();
    await page.addInitScript(() =>
      Object.defineProperty(window, 'localStorage', {
        get: () => {
          throw new DOMException('Access is denied for this document.', 'SecurityError');
        },
      }),
    );
    await page.goto('/products');
    await expect(firstProduct(page)).toBeVisible();
    await page.getByRole('combobox', { name: 'Appearance' }).selectOption('dark');
    await expect(page.locator('html')).toHaveAttribute('data-theme', 'dark');
  });

  test('an open page reloads by itself after a roll-out', async () => {
    const page = await shop().visit();
    await page.goto('/');
    await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
    // As after a roll-out, the files of the old version are gone.
    let gone = 0;
    await page.route(/\/assets\/cart-.*\.js/, (route) =>
      gone++ < 2 ? route.fulfill({ status: 404 }) : route.continue(),
    );
    await page.getByRole('link', { name: 'Cart 0 items' }).click();
    await expect(page.getByRole('heading', { name: 'Your cart is empty' })).toBeVisible();
    expect(gone).toBeGreaterThan(0);
  });

  test('an order is followed by polling where no events come through', async () => {
    const page = await shop().visit();
    await addToCart(page);
    await toCheckout(page);
    await page.locator('select[name=token]').selectOption('tok_slow');
    await page.route('**/api/orders/*/events', (route) => route.fulfill({ status: 502 }));
    await orderButton(page).click();
    await expect(page.getByText('Thank you! Paid')).toBeVisible({ timeout: 20_000 });
  });

  test('an unreachable shop is reported, with a way to try again', async () => {
    const page = await shop().visit();
    await page.goto('/');
    await page.route('**/api/**', (route) => route.fulfill({ status: 503, json: { code: 'unavailable' } }));
    await page.getByRole('link', { name: 'Light' }).first().click();
    await expect(page.getByRole('alert').first()).toContainText('is not responding', { timeout: 20_000 });
    await page.unroute('**/api/**');
    await page.getByRole('button', { name: 'Try again' }).click();
    await expect(firstProduct(page)).toBeVisible();
  });

  test('a page of a customer reports an error when the session cannot be loaded', async () => {
    const page = await shop().visit();
    await page.route('**/api/session', (route) => route.fulfill({ status: 503, json: { code: 'unavailable' } }));
    await page.goto('/account');
    await expect(page.getByRole('alert')).toContainText('is not responding');
    await page.unroute('**/api/session');
    await page.getByRole('button', { name: 'Try again' }).click();
    await expect(page.getByRole('heading', { level: 1, name: 'Please log in first.' })).toBeVisible();
    await page.getByRole('main').getByRole('link', { name: 'Log in' }).click();
    await expect(page).toHaveURL(/\/login\?next=%2Faccount/);
  });
});
