// Refunds that fail or stay pending, as staff see them.
import { test } from 'vitest';
import { Shopper } from '../shopper.js';
import { describeInBrowser, expect } from './browser.js';
import { logIn } from './steps.js';

describeInBrowser('staff', (shop) => {
  test.each([
    ['tok_refund_fails', /€1\.00 Failed \(expired_or_canceled_card\) · A scratch/],
    ['tok_refund_fails_later', /€1\.00 Failed \(expired_or_canceled_card\) · A scratch/],
    ['tok_refund_pending', /€1\.00 Refunded · A scratch/],
  ])('see what becomes of a refund to card %s', async (token, end) => {
    const buyer = new Shopper(shop().url);
    await buyer.register();
    const { items } = (await buyer.get('/api/products?inStock=true&limit=1')).body;
    const lines = [{ productId: items[0].id, quantity: 1 }];
    const { body } = await buyer.order({ lines, payment: { method: 'card', token } });
    await buyer.settled(body.id);

    const page = await shop().visit();
    await page.goto(`/manage/orders?q=${body.id}`);
    await logIn(page, 'staff@shop.test', 'staff-password');
    await page.getByRole('row').getByRole('button', { name: 'Refund' }).click();
    await expect(page.getByText('No refunds yet.')).toBeVisible();
    await page.getByLabel('Amount in').fill('1,00');
    await page.getByLabel('Reason').fill('A scratch');
    await page.getByRole('main').getByRole('button', { name: 'Refund' }).first().click();
    const refunds = page.getByRole('region', { name: /^Refunds/ });
    await expect(refunds.getByRole('listitem')).toHaveText(end, { timeout: 40_000 });
    const row = page.getByRole('row').nth(1);
    await expect(row).toContainText(token === 'tok_refund_pending' ? '€1.00' : '–', { timeout: 20_000 });
    await refunds.getByRole('button', { name: 'Close' }).click();
    await expect(refunds).toHaveCount(0);
  });
});
