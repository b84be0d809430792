// A part of the crash tests; `npm run chaos` runs all of them.
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { failPoints } from './crash-points.js';
import { buyersFor, crashScenario } from './crash-scenario.js';
import { shortWaits, startShop, type Shop } from '../shop.js';
import type { Shopper } from '../shopper.js';

const representative = [
  'catalog.after-reserving',
  'orders.after-pending',
  'gateway.after-placing',
  'payments.after-charging',
  'orders.after-confirming',
  'payments.after-giving-back',
  'payments.after-reversing-refund',
];

test('the table has exactly the fail points of the sources', () => {
  const root = join(import.meta.dirname, '../..');
  const sources = globSync('apps/*/src/**/*.ts', { cwd: root }).map((file) => readFileSync(join(root, file), 'utf8'));
  const literals = sources.flatMap((text) => [...text.matchAll(/failPoint\('([^']+)'\)/g)].map(([, name]) => name!));
  // The tests of catalog and image-worker cover those of images and of the sitemap.
  const named = literals.filter((name) => !/\.(image|sitemap)\./.test(name));
  expect(named.sort()).toEqual(failPoints.map(({ name }) => name).sort());
  expect(named.length).toBeGreaterThanOrEqual(15);
});

describe('the shop loses no order in progress and charges once when killed at', () => {
  let shop: Shop;
  let buyers: Shopper[];

  beforeAll(async () => {
    shop = await startShop({ replicas: {}, env: shortWaits });
    buyers = await buyersFor(shop);
  });
  afterAll(() => shop?.stop());

  test.each(failPoints.filter(({ name }) => representative.includes(name)))(
    '$name',
    (point) => crashScenario(shop, buyers, point),
    60_000,
  );
});
