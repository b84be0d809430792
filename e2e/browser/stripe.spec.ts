// Paying by card through Stripe. Only Stripe's own script and API are faked.
import { AxeBuilder } from '@axe-core/playwright';
import type { Page } from '@playwright/test';
import { startStripeFake, type StripeFake } from '@shop/payments/providers/stripe/test/stripe-fake';
import { afterAll, test } from 'vitest';
import { Shopper } from '../shopper.js';
import { describeInBrowser, expect } from './browser.js';
import { addToCart, fillInAddress, orderButton, password, toCheckout } from './steps.js';
import { cardNumberIn, playStripe } from './stripe-js-fake.js';

const KEY = 'pk_test_fake';
let stripe: StripeFake | undefined;
afterAll(() => stripe?.stop());

const prepare = async () => {
  stripe = await startStripeFake();
  return { ...stripe.env, STRIPE_PUBLISHABLE_KEY: KEY };
};

describeInBrowser(
  'paying through Stripe',
  (shop) => {
    const enter = (page: Page, number: string) => page.frameLocator(cardNumberIn).getByRole('textbox').fill(number);
    /** A page at the checkout with everything filled in but the card. */
    const atCheckout = async () => {
      const page = await shop().visit();
      const played = await playStripe(page.context());
      const name = await addToCart(page);
      const email = await toCheckout(page, fillInAddress);
      return { page, name, email, ...played };
    };
    const ordersOf = async (email: string) => {
      const buyer = new Shopper(shop().url, { email, password });
      await buyer.logIn();
      return (await buyer.get('/api/orders')).body.items as { id: string; status: string; totalCents: number }[];
    };

    test('a card is entered in Stripe’s form, and the shop gets and charges its token', async () => {
      const { page, email, loads, keys } = await atCheckout();
      await enter(page, '4242424242424242');
      const sent = page.waitForRequest(
        (request) => request.method() === 'POST' && request.url().endsWith('/api/orders'),
      );
      await orderButton(page).click();
      expect((await sent).postDataJSON().payment).toEqual({ method: 'card', token: 'pm_card_visa' });
      await expect(page.getByText('Thank you! Paid')).toBeVisible({ timeout: 20_000 });
      const [order] = await ordersOf(email);
      expect(stripe!.intentsOf(order!.id)).toMatchObject([{ status: 'succeeded', amount: order!.totalCents }]);
      expect([loads.length, keys]).toEqual([1, [KEY]]);
    });

    test.each([
      ['4000000000000002', 'Your bank declined the card. Nothing was charged'],
      ['4000002500003155', 'Your bank requires you to confirm this payment'],
    ])('the bank’s refusal of card %s is shown, and the cart is restored', async (number, told) => {
      const { page, name } = await atCheckout();
      await enter(page, number);
      await orderButton(page).click();
      await expect(page.getByRole('alert')).toContainText(told, { timeout: 20_000 });
      await page.getByRole('button', { name: 'Add everything to the cart again' }).click();
      await page.waitForURL('**/cart');
      await expect(page.getByRole('main').getByRole('link', { name })).toBeVisible();
    });

    test('an invalid card number is reported before anything is ordered', async () => {
      const { page, email } = await atCheckout();
      await enter(page, '4242');
      await orderButton(page).click();
      await expect(page.getByText('Your card number is incomplete.')).toBeVisible();
      await expect(page.locator(cardNumberIn)).toBeFocused();
      expect(await ordersOf(email)).toEqual([]);
      await enter(page, '4242424242424242');
      await orderButton(page).click();
      await page.waitForURL('**/orders/*');
      expect(await ordersOf(email)).toHaveLength(1);
    });

    test('a double click makes one order', async () => {
      const { page, email, keys } = await atCheckout();
      await enter(page, '4242424242424242');
      await orderButton(page).dblclick();
      await page.waitForURL('**/orders/*');
      expect(await ordersOf(email)).toHaveLength(1);
      expect(keys).toHaveLength(1);
    });

    test('a card form that does not load is reported, and can be loaded again', async () => {
      const page = await shop().visit();
      await playStripe(page.context());
      const abort = (route: { abort: () => Promise<void> }) => route.abort();
      await page.route('https://js.stripe.com/**', abort);
      await addToCart(page);
      await toCheckout(page, fillInAddress);
      await expect(page.getByRole('alert')).toContainText('The card form did not load.');
      await page.unroute('https://js.stripe.com/**', abort);
      await page.getByRole('button', { name: 'Try again' }).click();
      await enter(page, '4242424242424242');
      await orderButton(page).click();
      await expect(page.getByText(/Paid/).first()).toBeVisible({ timeout: 20_000 });
    });

    test('nothing of Stripe is loaded before the checkout, where axe finds no violation', async () => {
      const { page, loads } = await atCheckout();
      await expect(page.locator(cardNumberIn)).toBeVisible();
      expect(loads).toHaveLength(1);
      const { violations } = await new AxeBuilder({ page }).analyze();
      expect(violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' | ')}`)).toEqual([]);
      const other = await page.context().newPage();
      for (const path of ['/', '/products', '/cart', '/login']) {
        await other.goto(path);
        await other.getByRole('heading', { level: 1 }).first().waitFor();
      }
      expect(loads).toHaveLength(1);
    });
  },
  prepare,
);
