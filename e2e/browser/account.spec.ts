// Customer accounts: registration, login, logout, name, password, orders.
import { test } from 'vitest';
import { Shopper } from '../shopper.js';
import { describeInBrowser, expect } from './browser.js';
import { addToCart, logIn, password, register, toCheckout } from './steps.js';

const NEXT = 'another long password';

describeInBrowser('an account', (shop) => {
  const newcomer = async () => {
    const page = await shop().visit();
    await page.goto('/login');
    const email = await register(page);
    await page.waitForURL('**/account');
    return { page, email };
  };

  test('is created, logged out and logged in again, with errors shown at their fields', async () => {
    const page = await shop().visit();
    await page.goto('/register');
    await page.getByLabel('Your name').fill('Ada Lovelace');
    await page.getByLabel('E-mail address').fill('nobody');
    await page.getByLabel('Password', { exact: true }).fill('short');
    await page.getByRole('button', { name: 'Create an account' }).click();
    await expect(page.getByText('Please enter an e-mail address like ada@example.org.')).toBeVisible();
    await expect(page.getByText('Please use 10 to 200 characters.')).toBeVisible();
    await expect(page.getByLabel('E-mail address')).toBeFocused();
    await page.goto('/login');
    const email = await register(page);
    await page.waitForURL('**/account');
    await page.getByRole('button', { name: 'Log out', exact: true }).click();
    await page.getByRole('link', { name: 'Log in' }).click();
    await logIn(page, email, 'not the password');
    await expect(page.getByRole('alert')).toContainText('The e-mail address or password is incorrect.');
    await logIn(page, email);
    await expect(page.getByRole('heading', { level: 1, name: 'Hello, Ada Lovelace' })).toBeVisible();
    await page.goBack();
    await expect(page).toHaveURL(`${shop().url}/`);
    await page.goto('/login');
    await page.getByRole('link', { name: 'Create an account' }).click();
    await page.getByLabel('Your name').fill('Ada again');
    await page.getByLabel('E-mail address').fill(email.toUpperCase());
    await page.getByLabel('Password', { exact: true }).fill(password);
    await page.getByRole('button', { name: 'Create an account' }).click();
    await expect(page.getByRole('alert')).toContainText('An account with this e-mail address already exists.');
  });

  test('has a name and a password that can be changed, and a new password ends all other sessions', async () => {
    const { page, email } = await newcomer();
    const elsewhere = await shop().visit();
    await elsewhere.goto('/login');
    await logIn(elsewhere, email);
    await elsewhere.waitForURL('**/account');

    await page.getByLabel('Your name').fill('a'.repeat(121));
    await page.getByRole('button', { name: 'Save' }).click();
    await expect(page.getByText('This is too long.')).toBeVisible();
    await page.getByLabel('Your name').fill('Countess Lovelace');
    await page.getByRole('button', { name: 'Save' }).click();
    await expect(page.getByRole('heading', { level: 1, name: 'Hello, Countess Lovelace' })).toBeVisible();
    await page.getByLabel('Current password', { exact: true }).fill('not the password');
    await page.getByLabel('New password', { exact: true }).fill(NEXT);
    await page.getByRole('button', { name: 'Change password' }).click();
    await expect(page.getByRole('alert')).toContainText('password is incorrect');
    await page.getByLabel('Current password', { exact: true }).fill(password);
    await page.getByRole('button', { name: 'Change password' }).click();
    await expect(page.getByText('Your password was changed')).toBeVisible();

    await page.reload();
    await expect(page.getByRole('heading', { level: 1, name: 'Hello, Countess Lovelace' })).toBeVisible();
    await elsewhere.goto('/orders');
    await elsewhere.waitForURL('**/login?**');
    await logIn(elsewhere, email, NEXT);
    await elsewhere.waitForURL('**/orders');
  });

  test('can be logged out of all sessions at once', async () => {
    const { page, email } = await newcomer();
    const elsewhere = new Shopper(shop().url, { email, password });
    await elsewhere.logIn();
    await page.getByRole('button', { name: 'Log out everywhere' }).click();
    await expect(page.getByRole('link', { name: 'Log in' })).toBeVisible();
    expect((await elsewhere.get('/api/session')).body).toEqual({ customer: null });
  });

  test('lists its orders, newest first, shows each of them, and none of another customer', async () => {
    const { page, email } = await newcomer();
    const same = new Shopper(shop().url, { email, password });
    await same.logIn();
    await page.getByRole('link', { name: 'Your orders' }).click();
    await expect(page.getByRole('heading', { name: 'No orders yet' })).toBeVisible();
    const { items } = (await same.get('/api/products?inStock=true&limit=1')).body;
    const placed: string[] = [];
    for (const quantity of [1, 2]) {
      const lines = [{ productId: items[0].id, quantity }];
      const { body } = await same.order({ lines, payment: { method: 'card', token: 'tok_ok' } });
      await same.settled(body.id);
      placed.unshift(body.id);
    }
    await page.reload();
    await expect(page.getByRole('main').getByRole('listitem')).toHaveCount(2);
    await expect(page.getByRole('main').getByRole('listitem').first()).toContainText('2 items');
    await page.getByRole('main').getByRole('link').first().click();
    await page.waitForURL(`**/orders/${placed[0]}`);
    await expect(page.getByRole('main')).toContainText(items[0].name);

    const other = await newcomer();
    await other.page.goto(`/orders/${placed[0]}`);
    await expect(other.page.getByRole('heading', { name: 'Order not found' })).toBeVisible();
  });

  test('discards the input of the checkout on logout', async () => {
    const page = await shop().visit();
    await addToCart(page);
    await toCheckout(page);
    const kept = () => page.evaluate(() => JSON.stringify({ ...sessionStorage }));
    expect(await kept()).toContain('12 St James’s Square');
    await page.getByRole('link', { name: 'Account' }).click();
    await page.getByRole('button', { name: 'Log out', exact: true }).click();
    await expect(page.getByRole('link', { name: 'Log in' })).toBeVisible();
    expect(await kept()).not.toContain('12 St James’s Square');
  });

  test('keeps no secret where scripts can read it, and takes over the cart on login', async () => {
    const page = await shop().visit();
    const name = await addToCart(page);
    await page.goto('/login');
    await register(page);
    await page.waitForURL('**/account');
    await page.goto('/cart');
    await expect(page.getByRole('main').getByRole('link', { name })).toBeVisible();
    const readable = await page.evaluate(() =>
      JSON.stringify([document.cookie, { ...localStorage }, { ...sessionStorage }]),
    );
    const [session] = (await page.context().cookies()).filter(({ httpOnly }) => httpOnly);
    expect(session).toMatchObject({ httpOnly: true, sameSite: 'Lax' });
    expect(readable).not.toContain(session!.value);
    expect(readable).not.toContain(password);
  });
});
