import { join } from 'node:path';
import { freePort } from '@shop/tools/ports';
import { startProcess, type ServiceProcess } from '@shop/tools/service-process';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { freshShop, type FreshShop } from '../fresh-shop.js';
import { journeys } from './journeys.js';

let shop: FreshShop;
let all: ServiceProcess;
let door: string;

beforeAll(async () => {
  shop = await freshShop(13);
  const [port, opsPort] = [await freePort(), await freePort()];
  door = `http://127.0.0.1:${port}`;
  all = startProcess({
    app: 'all',
    label: 'all',
    env: { ...shop.env, PORT: String(port), OPS_PORT: String(opsPort) },
    opsUrl: `http://127.0.0.1:${opsPort}`,
    logFile: join(shop.logDir, 'all.log'),
  });
  await all.ready();
});
afterAll(async () => {
  await all?.stop();
  await shop?.remove();
});

describe('the shop in one process', () => {
  journeys(() => door);

  test('shows 120 products in 8 categories', async () => {
    const { items } = (await (await fetch(`${door}/api/categories`)).json()) as { items: { products: number }[] };
    expect(items).toHaveLength(8);
    // Journeys added some of their own.
    expect(items.reduce((sum, { products }) => sum + products, 0)).toBeGreaterThanOrEqual(120);
  });
});
