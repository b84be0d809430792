// A purchase from start to end, and what can interrupt it.
import { test } from 'vitest';
import { describeInBrowser, expect } from './browser.js';
import { addToCart, fillIn, firstProduct, logIn, orderButton, register, toCheckout } from './steps.js';

describeInBrowser('buying', (shop) => {
  test('a visitor finds a product, registers, orders it and sees it paid', async () => {
    const page = await shop().visit();
    await page.goto('/');
    await page
      .getByRole('main')
      .getByRole('link', { name: /Kitchen & Table/ })
      .click();
    await expect(page.getByRole('heading', { level: 1 })).toHaveText('Kitchen & Table');
    await page.getByLabel('Sort by').selectOption('price');
    await page.getByRole('checkbox', { name: 'In stock only' }).check();
    await expect(page).toHaveURL(/\/categories\/kitchen\?.*sort=price/);
    await page.reload();
    await expect(page.getByRole('checkbox', { name: 'In stock only' })).toBeChecked();
    await firstProduct(page).click();
    await page.waitForURL('**/products/*');
    await page.getByRole('button', { name: /Increase quantity/ }).click();
    const name = await page.getByRole('heading', { level: 1 }).innerText();
    await page.getByRole('button', { name: 'Add to cart' }).click();
    await page.getByRole('link', { name: 'Go to the cart' }).click();
    await expect(page.getByRole('spinbutton', { name: `Quantity: ${name}` })).toHaveValue('2');
    await page.getByRole('link', { name: 'Go to checkout' }).click();
    await register(page);
    await page.waitForURL('**/checkout');
    await fillIn(page, 'tok_slow');
    await orderButton(page).click();
    await page.waitForURL('**/orders/*');
    await expect(page.getByText('Payment in progress')).toBeVisible();
    await expect(page.getByText('Thank you! Paid')).toBeVisible({ timeout: 20_000 });
    await expect(page.getByRole('link', { name: 'Cart 0 items' })).toBeVisible();
    await page.getByRole('link', { name: 'Account' }).click();
    await page.getByRole('link', { name: 'Your orders' }).click();
    await expect(page.getByRole('main').getByRole('listitem')).toHaveCount(1);
  });

  test('everything can be bought with the keyboard alone', async () => {
    const page = await shop().visit();
    await page.goto('/products?stock=true');
    await expect(firstProduct(page)).toBeVisible();
    const focused = () => page.evaluate(() => document.activeElement?.textContent ?? '');
    const tabTo = async (wanted: RegExp, key = 'Tab') => {
      for (let presses = 0; presses < 120; presses++) {
        await page.keyboard.press(key);
        const name = await page.evaluate(() => {
          const element = document.activeElement as HTMLInputElement | null;
          return element?.labels?.[0]?.textContent || element?.getAttribute('aria-label') || element?.textContent || '';
        });
        if (wanted.test(name)) return;
      }
      throw new Error(`Tab never reached ${wanted}, it is at ${await focused()}`);
    };
    await page.keyboard.press('Tab');
    expect(await focused()).toBe('Skip to content');
    await page.keyboard.press('Enter');
    await expect(page.getByRole('main')).toBeFocused();
    await tabTo(/In stock only/);
    await page.keyboard.press('Tab');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await page.waitForURL('**/products/*');
    await expect(page.getByRole('button', { name: 'Add to cart' })).toBeVisible();
    await tabTo(/Quantity/);
    await page.keyboard.press('ArrowUp');
    await tabTo(/^Add to cart/);
    await page.keyboard.press('Enter');
    await expect(page.getByText('is in your cart.')).toBeVisible();
    await expect(page.getByRole('button', { name: 'Add to cart' })).toBeFocused();
    await tabTo(/Go to the cart/);
    await page.keyboard.press('Enter');
    await page.waitForURL('**/cart');
    await expect(page.getByRole('link', { name: 'Go to checkout' })).toBeVisible();
    await tabTo(/Go to checkout/);
    await page.keyboard.press('Enter');
    await tabTo(/^E-mail address/);
    await page.keyboard.type('demo@shop.test');
    await page.keyboard.press('Tab');
    await page.keyboard.type('demo-password');
    await page.keyboard.press('Enter');
    await page.waitForURL('**/checkout');
    await tabTo(/Street/);
    await page.keyboard.type('Main Street 1');
    await page.keyboard.press('Tab');
    await page.keyboard.type('10115');
    await page.keyboard.press('Tab');
    await page.keyboard.type('Berlin');
    await tabTo(/Order and pay/);
    await page.keyboard.press('Enter');
    await page.waitForURL('**/orders/*');
    await expect(page.getByText(/Paid/).first()).toBeVisible({ timeout: 20_000 });
  });

  test('a product is added to the quantity in the cart, also before the cart has loaded', async () => {
    const page = await shop().visit();
    const mug = '/products/morning-stoneware-mug';
    await addToCart(page, mug);
    const known = Promise.withResolvers<void>();
    await page.route('**/api/cart', async (route) => {
      await known.promise;
      await route.continue();
    });
    await page.goto(mug);
    await page.getByRole('button', { name: 'Add to cart' }).click();
    await expect(page.getByRole('button', { name: 'Adding' })).toBeVisible();
    known.resolve();
    await expect(page.getByText('2 in your cart')).toBeVisible();
  });

  test('removing a product keeps the focus in the cart and can be undone at any time', async () => {
    const page = await shop().visit();
    await page.clock.install();
    const name = await addToCart(page, '/products/morning-stoneware-mug');
    await page.goto('/cart');
    await page.getByRole('button', { name: `Remove: ${name}` }).press('Enter');
    await expect(page.getByRole('heading', { level: 1, name: 'Your cart is empty' })).toBeFocused();
    const undo = page.getByRole('button', { name: 'Undo' });
    await undo.focus();
    await page.clock.fastForward('01:00');
    await undo.press('Enter');
    await expect(page.getByRole('spinbutton', { name: `Quantity: ${name}` })).toHaveValue('1');
    await page.getByRole('heading', { level: 1 }).focus();
    await page.clock.fastForward('01:00');
    await expect(undo).toBeHidden();
  });

  test('a declined card is explained, and the cart is restored', async () => {
    const page = await shop().visit();
    const name = await addToCart(page);
    await toCheckout(page);
    await page.locator('select[name=token]').selectOption('tok_declined');
    await orderButton(page).click();
    await expect(page.getByText('Your bank declined the card.')).toBeVisible({ timeout: 20_000 });
    await page.getByRole('button', { name: 'Add everything to the cart again' }).click();
    await page.waitForURL('**/cart');
    await expect(page.getByRole('main').getByRole('link', { name })).toBeVisible();
  });

  test('a product that sells out during checkout is named and removed', async () => {
    const staff = await shop().staff();
    const { body: product } = await staff.send('POST', '/api/products', {
      name: `The very last vase ${Date.now()}`,
      description: 'There is one.',
      category: 'home',
      priceCents: 2500,
      stock: 1,
    });
    // On a phone, where the message is far from the button.
    const page = await shop().visit({ viewport: { width: 360, height: 740 } });
    await addToCart(page, '/products/morning-stoneware-mug');
    await addToCart(page, `/products/${product.slug}`);
    await toCheckout(page);
    await staff.send(
      'PATCH',
      `/api/products/${product.id}`,
      { stockDelta: -1 },
      { 'if-match': `"${product.version}"` },
    );
    await orderButton(page).click();
    await expect(page.getByRole('alert')).toContainText(product.name);
    await expect(page.getByRole('alert')).toBeInViewport();
    await page.getByRole('button', { name: 'Remove and continue' }).click();
    await expect(page.getByRole('heading', { level: 1 })).toBeFocused();
    await expect(page.getByRole('region', { name: 'Summary' })).not.toContainText(product.name);
    await orderButton(page).click();
    await page.waitForURL('**/orders/*');
  });

  test('a changed price is shown before anything is charged', async () => {
    const staff = await shop().staff();
    const { body: product } = await staff.send('POST', '/api/products', {
      name: `Rising lamp ${Date.now()}`,
      description: 'It will cost more.',
      category: 'home',
      priceCents: 2500,
      stock: 10,
    });
    const page = await shop().visit();
    await addToCart(page, `/products/${product.slug}`);
    await toCheckout(page);
    await expect(orderButton(page)).toHaveText('Order and pay €25.00');
    await staff.send(
      'PATCH',
      `/api/products/${product.id}`,
      { priceCents: 3000 },
      { 'if-match': `"${product.version}"` },
    );
    await orderButton(page).click();
    await expect(page.getByRole('alert')).toContainText('the total was €25.00 and is now €30.00');
    await expect(page.getByLabel('Street and number')).toHaveValue('12 St James’s Square');
    await orderButton(page).filter({ hasText: '€30.00' }).click();
    await expect(page.getByText(/Paid/).first()).toBeVisible({ timeout: 20_000 });
  });

  test('store credit pays an order that it covers', async () => {
    const page = await shop().visit();
    await page.goto('/login');
    await logIn(page, 'demo@shop.test', 'demo-password');
    await page.waitForURL('**/account');
    await expect(page.getByText('€100.00').first()).toBeVisible();
    await page.goto('/products?from=5&to=30&stock=true');
    await firstProduct(page).click();
    await page.getByRole('button', { name: 'Add to cart' }).click();
    await expect(page.getByText('is in your cart.')).toBeVisible();
    await page.goto('/checkout');
    await fillIn(page);
    await page.getByRole('radio', { name: /Store credit/ }).check();
    await orderButton(page).click();
    await expect(page.getByText(/Paid/).first()).toBeVisible({ timeout: 20_000 });
  });
});
