// Steps that many tests share.
import { randomBytes } from 'node:crypto';
import type { Page } from '@playwright/test';
import { expect } from './browser.js';

export const password = 'a long enough password';

export async function addToCart(page: Page, path = '/products'): Promise<string> {
  await page.goto(path);
  if (!/^\/products\/./.test(path)) {
    await page.getByRole('checkbox', { name: 'In stock only' }).check();
    await firstProduct(page).click();
  }
  await page.waitForURL('**/products/*');
  await page.getByRole('button', { name: 'Add to cart' }).waitFor();
  const name = await page.getByRole('heading', { level: 1 }).innerText();
  await page.getByRole('button', { name: 'Add to cart' }).click();
  await expect(page.getByText(`${name} is in your cart.`)).toBeVisible();
  return name;
}

export async function register(page: Page): Promise<string> {
  const email = `buyer-${randomBytes(6).toString('hex')}@shop.test`;
  await page.getByRole('link', { name: 'Create an account' }).click();
  await page.getByLabel('Your name').fill('Ada Lovelace');
  await page.getByLabel('E-mail address').fill(email);
  await page.getByLabel('Password', { exact: true }).fill(password);
  await page.getByRole('button', { name: 'Create an account' }).click();
  return email;
}

export async function logIn(page: Page, email: string, secret = password): Promise<void> {
  await page.getByLabel('E-mail address').fill(email);
  await page.getByLabel('Password', { exact: true }).fill(secret);
  await page.getByRole('main').getByRole('button', { name: 'Log in' }).click();
}

/** From any page to a filled-in checkout, as a new customer. */
export async function toCheckout(page: Page, fill = (at: Page) => fillIn(at)): Promise<string> {
  await page.goto('/checkout');
  await page.waitForURL('**/login?**');
  const email = await register(page);
  await page.waitForURL('**/checkout');
  await fill(page);
  return email;
}

export async function fillIn(page: Page, card = 'tok_ok'): Promise<void> {
  await fillInAddress(page);
  await page.locator('select[name=token]').selectOption(card);
}

export async function fillInAddress(page: Page): Promise<void> {
  await page.getByLabel('Full name').fill('Ada Lovelace');
  await page.getByLabel('Street and number').fill('12 St James’s Square');
  await page.getByLabel('Postal code').fill('10115');
  await page.getByLabel('Town or city').fill('Berlin');
}

export const orderButton = (page: Page) => page.getByRole('button', { name: /Order and pay/ });

/** The first product of a list. */
export const firstProduct = (page: Page) =>
  page.getByRole('region', { name: 'All products' }).getByRole('listitem').getByRole('link').first();
