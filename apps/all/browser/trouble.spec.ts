// What goes wrong on the way, and that nothing is lost or ordered twice by it.
import { test } from 'vitest';
import { Shopper } from '../test/shopper.js';
import { describeInBrowser, expect } from './browser.js';
import { addToCart, firstProduct, logIn, orderButton, password, toCheckout } from './steps.js';

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

  test('an order whose answer was lost is asked about again, also after a reload, and is one order', async () => {
    const page = await shop().visit();
    await addToCart(page);
    const email = await toCheckout(page);
    // Placed, but the answer never comes.
    await page.route('**/api/orders', async (route) => {
      await route.fetch();
      await route.abort();
    });
    await orderButton(page).click();
    await expect(page.getByText('We did not hear back about your order.')).toBeVisible();
    expect(await ordersOf(email)).toHaveLength(1);
    await page.unroute('**/api/orders');
    await page.reload();
    await page.waitForURL('**/orders/*');
    await expect(page.getByText(/Paid/).first()).toBeVisible({ timeout: 20_000 });
    expect(await ordersOf(email)).toHaveLength(1);
  });

  test('who is logged out during checkout logs in again and finds cart and address', async () => {
    const page = await shop().visit();
    const name = await addToCart(page);
    const email = await toCheckout(page);
    const elsewhere = new Shopper(shop().url, { email, password });
    await elsewhere.logIn();
    await elsewhere.send('DELETE', '/api/sessions');
    await orderButton(page).click();
    await expect(page.getByText('You were logged out in the meantime.')).toBeVisible();
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

  test('who loses the network is told, and goes on when it is back', async () => {
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

  test('a shop that was renewed under an open page is loaded again by itself', async () => {
    const page = await shop().visit();
    await page.goto('/');
    await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
    // The files of the old version are gone, as after a roll-out.
    let gone = 0;
    await page.route(/\/assets\/cart-.*\.js/, (route) =>
      gone++ < 2 ? route.fulfill({ status: 404 }) : route.continue(),
    );
    await page.getByRole('link', { name: 'Cart 0 items' }).click();
    await expect(page.getByRole('heading', { name: 'Your cart is empty' })).toBeVisible();
    expect(gone).toBeGreaterThan(0);
  });

  test('an order is followed by asking where no events come through', async () => {
    const page = await shop().visit();
    await addToCart(page);
    await toCheckout(page);
    await page.locator('select[name=token]').selectOption('tok_slow');
    await page.route('**/api/orders/*/events', (route) => route.fulfill({ status: 502 }));
    await orderButton(page).click();
    await expect(page.getByText('Thank you! Paid')).toBeVisible({ timeout: 20_000 });
  });

  test('a shop that does not answer is said in words, with a way to try again', async () => {
    const page = await shop().visit();
    await page.goto('/');
    await page.route('**/api/**', (route) => route.fulfill({ status: 503, json: { code: 'unavailable' } }));
    await page.getByRole('link', { name: 'Light' }).first().click();
    await expect(page.getByRole('alert').first()).toContainText('does not answer just now', { timeout: 20_000 });
    await page.unroute('**/api/**');
    await page.getByRole('button', { name: 'Try again' }).click();
    await expect(firstProduct(page)).toBeVisible();
  });
});
