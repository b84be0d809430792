// The shop in one process and a real browser in front of it. Whatever a page complains about fails the test.
import { join } from 'node:path';
import {
  chromium,
  expect as expectSoon,
  type Browser,
  type BrowserContext,
  type BrowserContextOptions,
  type Page,
} from '@playwright/test';
import { chromiumArgs, findChromium } from '@shop/tools/chromium-program';
import { freePort } from '@shop/tools/ports';
import { startProcess, type ServiceProcess } from '@shop/tools/service-process';
import { afterAll, afterEach, beforeAll, describe, expect } from 'vitest';
import { freshShop, type FreshShop } from '../fresh-shop.js';
import { Shopper } from '../shopper.js';

/** Conditions that come true in time, also on a machine with much else to do. */
const soon = expectSoon.configure({ timeout: 20_000 });
export { soon as expect };

const executablePath = findChromium();
if (!executablePath) console.log('Skipped: there is no Chromium here; CHROMIUM names one.');

export interface Opened {
  url: string;
  browser: Browser;
  /** A person with a browser of their own. */
  visit(options?: BrowserContextOptions): Promise<Page>;
  /** Staff who use the API. */
  staff(): Promise<Shopper>;
  restart(): Promise<void>;
}

/** `tests` get a function that answers the shop, once it runs; `prepare` what it needs beforehand, as its environment. */
export function describeInBrowser(
  name: string,
  tests: (opened: () => Opened) => void,
  prepare: () => Promise<NodeJS.ProcessEnv> = () => Promise.resolve({}),
): void {
  describe.skipIf(!executablePath)(name, () => {
    let opened: Opened;
    let shop: FreshShop;
    let all: ServiceProcess;
    const contexts: BrowserContext[] = [];
    const complaints: string[] = [];

    beforeAll(async () => {
      shop = await freshShop(13);
      const env = await prepare();
      const [port, opsPort] = [await freePort(), await freePort()];
      const start = async () => {
        all = startProcess({
          app: 'all',
          label: 'all',
          env: { ...shop.env, ...env, PORT: String(port), OPS_PORT: String(opsPort) },
          opsUrl: `http://127.0.0.1:${opsPort}`,
          logFile: join(shop.logDir, 'all.log'),
        });
        await all.ready();
      };
      await start();
      const url = `http://127.0.0.1:${port}`;
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
        staff: async () => {
          const staff = new Shopper(url, { email: 'staff@shop.test', password: 'staff-password' });
          await staff.logIn();
          return staff;
        },
        restart: async () => {
          await all.stop();
          await start();
        },
      };
    });
    afterEach(async () => {
      await Promise.all(contexts.splice(0).map((context) => context.close()));
      expect(complaints.splice(0)).toEqual([]);
    });
    afterAll(async () => {
      await opened?.browser.close();
      await all?.stop();
      await shop?.remove();
    });
    tests(() => opened);
  });
}

/** Answers that a page has words for, and a network that is away, are no mistakes of the page. */
const expected = /Failed to load resource|net::ERR_/;

function listen(page: Page, complaints: string[]): void {
  page.on('console', (message) => {
    if (message.type() === 'error' && !expected.test(message.text())) complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(String(error.stack ?? error)));
}
