// A part of the crash matrix; all of it is `npm run chaos`.
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { crashPoints } from './crash-points.js';
import { buyersFor, crashScenario } from './crash-scenario.js';
import { freshShop, type FreshShop } from '../fresh-shop.js';
import type { Shopper } from '../shopper.js';
import { startTrialShop, type TrialShop } from '../trial-shop.js';

const representative = [
  'catalog.after-reserving',
  'orders.after-pending',
  'gateway.after-placing',
  'payments.after-charging',
  'orders.after-confirming',
  'payments.after-giving-back',
  'payments.after-reversing-refund',
];

test('every crash point in the sources is in the table, and the other way round', () => {
  const root = join(import.meta.dirname, '../..');
  const sources = globSync('apps/*/src/**/*.ts', { cwd: root }).map((file) => readFileSync(join(root, file), 'utf8'));
  const literals = sources.flatMap((text) => [...text.matchAll(/crashPoint\('([^']+)'\)/g)].map(([, name]) => name!));
  // Those of images and of the sitemap are tested in catalog and image-worker.
  const named = literals.filter((name) => !/\.(image|sitemap)\./.test(name));
  expect(named.sort()).toEqual(crashPoints.map(({ name }) => name).sort());
  expect(named.length).toBeGreaterThanOrEqual(15);
});

describe('killed with orders under way, the shop loses none and charges once:', () => {
  let fresh: FreshShop;
  let shop: TrialShop;
  let buyers: Shopper[];

  beforeAll(async () => {
    fresh = await freshShop(13);
    shop = await startTrialShop(fresh);
    buyers = await buyersFor(shop);
  });
  afterAll(async () => {
    await shop?.stop();
    await fresh?.remove();
  });

  test.each(crashPoints.filter(({ name }) => representative.includes(name)))(
    '$name',
    (point) => crashScenario(shop, buyers, point),
    60_000,
  );
});
