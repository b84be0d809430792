// Staff pages for orders.
import type { Page } from '@playwright/test';
import { test } from 'vitest';
import { Shopper } from '../shopper.js';
import { describeInBrowser, expect } from './browser.js';
import { logIn } from './steps.js';

describeInBrowser('staff', (shop) => {
  const atWork = async (): Promise<Page> => {
    const page = await shop().visit();
    await page.goto('/manage/orders');
    await logIn(page, 'staff@shop.test', 'staff-password');
    await page.waitForURL('**/manage/orders');
    return page;
  };
  const find = async (page: Page, words: string) => {
    await page.getByRole('textbox', { name: 'Order number, e-mail address or name' }).fill(words);
    await page.getByRole('main').getByRole('button', { name: 'Search' }).click();
    // The router quotes a query of digits only.
    const searched = () => new URL(page.url()).searchParams.get('q')?.replaceAll('"', '');
    await expect.poll(searched).toBe(words);
    expect(await page.getByRole('searchbox', { name: 'Search for products' }).inputValue()).toBe('');
  };

  test('find an order and refund a part of it', async () => {
    const buyer = new Shopper(shop().url);
    await buyer.register();
    const { items } = (await buyer.get('/api/products?inStock=true&limit=1')).body;
    const lines = [{ productId: items[0].id, quantity: 1 }];
    const placed = await buyer.order({ lines, payment: { method: 'card', token: 'tok_ok' } });
    await buyer.settled(placed.body.id);

    const page = await atWork();
    await find(page, placed.body.id);
    await expect(page.getByRole('row')).toHaveCount(2);
    await page.getByRole('button', { name: 'Refund' }).click();
    await page.getByLabel('Amount in EUR').fill('1,00');
    await page.getByLabel('Reason').fill('A scratch');
    await page.getByRole('main').getByRole('button', { name: 'Refund' }).first().click();
    await expect(page.getByText('The refund was requested.')).toBeVisible();
    await expect(page.getByRole('heading', { level: 1 })).toBeFocused();
    await expect(page.getByRole('row').nth(1)).toContainText('€1.00', { timeout: 20_000 });
  });

  test('find an order by its number, e-mail address or name, with its customer and shipping address', async () => {
    const buyer = new Shopper(shop().url);
    const { email } = await buyer.register();
    const { items } = (await buyer.get('/api/products?inStock=true&limit=1')).body;
    const name = `Quentin Addressee${Date.now()}`;
    const { body } = await buyer.order({
      lines: [{ productId: items[0].id, quantity: 1 }],
      payment: { method: 'card', token: 'tok_ok' },
      shippingAddress: { name, street: 'Ackerstr. 7', postalCode: '10115', city: 'Berlin', country: 'DE' },
    });
    await buyer.settled(body.id);
    const number = body.id.slice(-8).toUpperCase();

    const page = await atWork();
    for (const words of [number, email.toUpperCase(), name, name.split(' ')[1]!.toLowerCase()]) {
      await find(page, words);
      await expect(page.getByRole('row')).toHaveCount(2);
      await expect(page.getByRole('row').nth(1)).toContainText(`${number}Sam Shopper${email}`);
    }
    await page.getByRole('link', { name: number }).click();
    await expect(page.getByRole('heading', { level: 1, name: `Order ${number}` })).toBeVisible();
    await expect(page.getByText(`${name}Ackerstr. 710115 BerlinGermany`)).toBeVisible();
    await expect(page.getByText(`Sam Shopper${email}`)).toBeVisible();
    await page.getByRole('link', { name: 'All orders of this customer' }).click();
    await expect(page.getByRole('row')).toHaveCount(2);
    await find(page, 'unknown@example.org');
    await expect(page.getByText('No orders found')).toBeVisible();

    // The customer sees the shipping address, but nothing that is for staff.
    const own = (await buyer.get(`/api/orders/${body.id}`)).body;
    expect(own.shippingAddress.name).toBe(name);
    expect(own.customer ?? own.customerId).toBeUndefined();
  });
});
