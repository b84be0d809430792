// The shop in one process and a real browser. Every error in the console of a page fails the test.
import {
  chromium,
  expect as expectSoon,
  type Browser,
  type BrowserContext,
  type BrowserContextOptions,
  type Page,
} from '@playwright/test';
import { chromiumArgs, findChromium } from '@shop/tools/chromium-program';
import { afterAll, afterEach, beforeAll, describe, expect } from 'vitest';
import { startShop, type Shop } from '../shop.js';
import type { Shopper } from '../shopper.js';

/** Waits for conditions, with a timeout for a busy machine. */
const soon = expectSoon.configure({ timeout: 20_000 });
export { soon as expect };

const executablePath = findChromium();
if (!executablePath) console.log('Skipped: there is no Chromium here; CHROMIUM names one.');

export interface Opened {
  url: string;
  browser: Browser;
  /** Opens a page in a new browser context. */
  visit(options?: BrowserContextOptions): Promise<Page>;
  /** A client of the API with a session of staff. */
  staff(): Promise<Shopper>;
  restart(): Promise<void>;
}

/** `tests` get a function that returns the running shop; `prepare` returns settings for its environment. */
export function describeInBrowser(
  name: string,
  tests: (opened: () => Opened) => void,
  prepare: () => Promise<NodeJS.ProcessEnv> = () => Promise.resolve({}),
): void {
  describe.skipIf(!executablePath)(name, () => {
    let opened: Opened;
    let shop: Shop;
    const contexts: BrowserContext[] = [];
    const complaints: string[] = [];

    beforeAll(async () => {
      shop = await startShop({ env: await prepare() });
      const { url } = shop;
      const browser = await chromium.launch({ executablePath: executablePath!, args: chromiumArgs });
      opened = {
        url,
        browser,
        visit: async (options = {}) => {
          const context = await browser.newContext({
            baseURL: url,
            locale: 'en-GB',
            reducedMotion: 'reduce',
            ...options,
          });
          contexts.push(context);
          context.on('page', (page) => listen(page, complaints));
          return context.newPage();
        },
        staff: () => shop.staff(),
        restart: () => shop.restart(),
      };
    });
    afterEach(async () => {
      await Promise.all(contexts.splice(0).map((context) => context.close()));
      expect(complaints.splice(0)).toEqual([]);
    });
    afterAll(async () => {
      await opened?.browser.close();
      await shop?.stop();
    });
    tests(() => opened);
  });
}

/** Errors that a page handles: responses with an error status, and a network failure. */
const expected = /Failed to load resource|net::ERR_/;

function listen(page: Page, complaints: string[]): void {
  page.on('console', (message) => {
    if (message.type() === 'error' && !expected.test(message.text())) complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(String(error.stack ?? error)));
}
