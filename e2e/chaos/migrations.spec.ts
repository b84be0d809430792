import { afterAll, beforeAll, expect, test } from 'vitest';
import { shortWaits, startShop, type Shop } from '../shop.js';
import { kinds, MigrationScenario } from './migration-scenario.js';

/** A statement waits half a second for a lock; ten times that is a failure, not a busy machine. */
const LONGEST_MS = 5000;
const DUMP_MS = 1000;

let shop: Shop;
let scenario: MigrationScenario;

beforeAll(async () => {
  shop = await startShop({ replicas: {}, env: shortWaits });
  scenario = await MigrationScenario.of(shop, 20_000);
});
afterAll(() => shop?.stop());

test.each(kinds)('no order fails or waits long while a migration runs beside a dump: $name', async ({ migrations }) => {
  const { failed, slowestMs, orders } = await scenario.run(migrations, DUMP_MS);
  expect(failed).toBe(0);
  expect(orders).toBeGreaterThan(10);
  expect(slowestMs).toBeLessThan(LONGEST_MS);
});
