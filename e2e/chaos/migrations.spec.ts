import { afterAll, beforeAll, expect, test } from 'vitest';
import { freshShop, type FreshShop } from '../fresh-shop.js';
import { kinds, MigrationScenario } from './migration-scenario.js';
import { startTrialShop, type TrialShop } from '../trial-shop.js';

/** A statement waits for a lock for half a second; ten times that is a failure, not a busy machine. */
const LONGEST_MS = 5000;
const DUMP_MS = 1000;

let fresh: FreshShop;
let shop: TrialShop;
let trial: MigrationScenario;

beforeAll(async () => {
  fresh = await freshShop(13);
  shop = await startTrialShop(fresh);
  trial = await MigrationScenario.of(shop, fresh.databases.orders.url, 20_000);
});
afterAll(async () => {
  await shop?.stop();
  await fresh?.remove();
});

test.each(kinds)('no order fails or waits long while a migration and a dump meet: $name', async ({ migrations }) => {
  const { failed, slowestMs, orders } = await trial.run(migrations, DUMP_MS);
  expect(failed).toBe(0);
  expect(orders).toBeGreaterThan(10);
  expect(slowestMs).toBeLessThan(LONGEST_MS);
});
